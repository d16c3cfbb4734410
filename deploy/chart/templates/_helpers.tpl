{{- define "muster.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* By its digest where one is given, else by the tag. */}}
{{- define "muster.image" -}}
{{- with get .root.Values.image.digests .image -}}
{{ printf "%s/%s@%s" $.root.Values.image.registry $.image . }}
{{- else -}}
{{ printf "%s/%s:%s" .root.Values.image.registry .image (default .root.Chart.AppVersion .root.Values.image.tag) }}
{{- end -}}
{{- end -}}

{{- define "muster.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "muster.name" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* A name on Kafka: of a topic, a group or a transaction. Takes root and name. */}}
{{- define "muster.onKafka" -}}
{{ .root.Values.topics.prefix }}{{ .name }}
{{- end -}}

{{/* The labels that never change. */}}
{{- define "muster.selector" -}}
app.kubernetes.io/name: muster
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "muster.labels" -}}
{{ include "muster.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "muster.bootstrap" -}}
{{- if .Values.strimzi.enabled -}}
{{ include "muster.name" . }}-kafka-bootstrap:9093
{{- else -}}
{{ required "kafka.bootstrapServers is missing: give host:port of the brokers, or strimzi.enabled=true" .Values.kafka.bootstrapServers }}
{{- end -}}
{{- end -}}

{{/* How clients authenticate: with Strimzi always by the certificates that it makes. */}}
{{- define "muster.kafkaAuth" -}}
{{- ternary "mtls" .Values.kafka.auth .Values.strimzi.enabled -}}
{{- end -}}

{{- define "muster.kafkaTls" -}}
{{- if or .Values.strimzi.enabled .Values.kafka.tls.enabled (eq .Values.kafka.auth "mtls") }}true{{ end -}}
{{- end -}}

{{- define "muster.kafkaCaSecret" -}}
{{- ternary (printf "%s-cluster-ca-cert" (include "muster.name" .)) .Values.kafka.tls.caSecret .Values.strimzi.enabled -}}
{{- end -}}

{{- define "muster.kafkaSecret" -}}
{{- $values := index .root.Values .component -}}
{{- if .root.Values.strimzi.enabled -}}
{{ include "muster.name" .root }}-{{ .component }}
{{- else -}}
{{ default .root.Values.kafka.secret (dig "kafkaSecret" "" (default dict $values)) }}
{{- end -}}
{{- end -}}

{{/* What every Kafka client begins with. Secrets stay in their files, and are read from there by Kafka's own provider. */}}
{{- define "muster.kafkaProperties" -}}
{{- $auth := include "muster.kafkaAuth" . -}}
{{- $tls := include "muster.kafkaTls" . -}}
{{- if eq $auth "scram" }}
security.protocol={{ ternary "SASL_SSL" "SASL_PLAINTEXT" (eq $tls "true") }}
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=${dir:/etc/muster/kafka:sasl.jaas.config}
{{- else if eq $tls "true" }}
security.protocol=SSL
{{- end }}
{{- if eq $auth "mtls" }}
ssl.keystore.type=PEM
ssl.keystore.certificate.chain=${dir:/etc/muster/kafka:user.crt}
ssl.keystore.key=${dir:/etc/muster/kafka:user.key}
{{- end }}
{{- if ne $auth "none" }}
config.providers=dir
config.providers.dir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
config.providers.dir.param.allowed.paths=/etc/muster/kafka
{{- end }}
{{- if and (eq $tls "true") (include "muster.kafkaCaSecret" .) }}
ssl.truststore.type=PEM
ssl.truststore.location=/etc/muster/kafka-ca/ca.crt
{{- end }}
{{- end -}}

{{- define "muster.registryUrl" -}}
{{- if .Values.registry.bundled.enabled -}}
http://{{ include "muster.name" . }}-registry:8080/apis/ccompat/v7
{{- else -}}
{{ required "registry.url is missing: give the address of a registry that speaks Confluent's API, or registry.bundled.enabled=true" .Values.registry.url }}
{{- end -}}
{{- end -}}

{{- define "muster.tlsSecret" -}}
{{- if .Values.tls.certManager.enabled -}}
{{ include "muster.name" . }}-tls
{{- else -}}
{{ required "tls.existingSecret is missing: name a secret of type kubernetes.io/tls, or tls.certManager.enabled=true" .Values.tls.existingSecret }}
{{- end -}}
{{- end -}}

{{/* Settings by which a service reaches Kafka and the registry, as environment. */}}
{{- define "muster.connectionEnv" -}}
- {name: MUSTER_KAFKA_BOOTSTRAP_SERVERS, value: {{ include "muster.bootstrap" .root | quote }}}
- {name: MUSTER_KAFKA_PROPERTIES_FILE, value: /etc/muster/config/kafka.properties}
{{- with .root.Values.topics.prefix }}
- {name: MUSTER_TOPICS_PREFIX, value: {{ . | quote }}}
{{- end }}
- {name: MUSTER_REGISTRY_URL, value: {{ include "muster.registryUrl" .root | quote }}}
{{- if not .root.Values.registry.bundled.enabled }}
{{- with .root.Values.registry.secret }}
- name: MUSTER_REGISTRY_USER
  valueFrom: {secretKeyRef: {name: {{ . }}, key: username}}
- {name: MUSTER_REGISTRY_PASSWORD_FILE, value: /etc/muster/registry/password}
{{- end }}
{{- with .root.Values.registry.caSecret }}
- {name: MUSTER_REGISTRY_CA_FILE, value: /etc/muster/registry-ca/ca.crt}
{{- end }}
{{- end }}
{{- end -}}

{{- define "muster.connectionMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: config, mountPath: /etc/muster/config, readOnly: true}
{{- if ne (include "muster.kafkaAuth" .root) "none" }}
- {name: kafka, mountPath: /etc/muster/kafka, readOnly: true}
{{- end }}
{{- if and (include "muster.kafkaTls" .root) (include "muster.kafkaCaSecret" .root) }}
- {name: kafka-ca, mountPath: /etc/muster/kafka-ca, readOnly: true}
{{- end }}
{{- if not .root.Values.registry.bundled.enabled }}
{{- with .root.Values.registry.secret }}
- {name: registry, mountPath: /etc/muster/registry, readOnly: true}
{{- end }}
{{- with .root.Values.registry.caSecret }}
- {name: registry-ca, mountPath: /etc/muster/registry-ca, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}

{{/* configMap: the name of the one with kafka.properties. */}}
{{- define "muster.connectionVolumes" -}}
- {name: tmp, emptyDir: {}}
- {name: config, configMap: {name: {{ .configMap }}}}
{{- if ne (include "muster.kafkaAuth" .root) "none" }}
- {name: kafka, secret: {secretName: {{ include "muster.kafkaSecret" . }}}}
{{- end }}
{{- if and (include "muster.kafkaTls" .root) (include "muster.kafkaCaSecret" .root) }}
- {name: kafka-ca, secret: {secretName: {{ include "muster.kafkaCaSecret" .root }}}}
{{- end }}
{{- if not .root.Values.registry.bundled.enabled }}
{{- with .root.Values.registry.secret }}
- {name: registry, secret: {secretName: {{ . }}}}
{{- end }}
{{- with .root.Values.registry.caSecret }}
- {name: registry-ca, secret: {secretName: {{ . }}}}
{{- end }}
{{- end }}
{{- end -}}

{{/* As whom a pod runs, and what it may. Takes root; early where it may run before the chart's service account is there. */}}
{{- define "muster.podIdentity" }}
{{- if not (and .early .root.Values.serviceAccount.create) }}
serviceAccountName: {{ include "muster.serviceAccount" .root }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.podSecurityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "muster.containerSecurity" -}}
{{- with .root.Values.containerSecurityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* On which nodes a pod runs. Takes the values of what it is of. */}}
{{- define "muster.placement" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
A service as a StatefulSet, with its headless service. Takes root, component, image, env, mounts, volumes, ports (all lists as text), and
state: whether it has any.
*/}}
{{- define "muster.workload" -}}
{{- $values := index .root.Values .component -}}
{{- $name := printf "%s-%s" (include "muster.name" .root) .component -}}
{{- $persistent := and .state $values.persistence.enabled -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}-pods
  labels: {{- include "muster.labels" . | nindent 4 }}
    muster.io/metrics: "true"
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {{- include "muster.selector" . | nindent 4 }}
  ports:
    - {name: operations, port: 8081, targetPort: operations}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels: {{- include "muster.labels" . | nindent 4 }}
spec:
  serviceName: {{ $name }}-pods
  {{- if not (or $values.hpa.enabled (dig "keda" "enabled" false $values)) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  podManagementPolicy: Parallel
  updateStrategy: {type: RollingUpdate}
  selector:
    matchLabels: {{- include "muster.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "muster.labels" . | nindent 8 }}
      annotations:
        checksum/config: {{ include "muster.kafkaProperties" .root | sha256sum }}
        {{- with $values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      {{- include "muster.podIdentity" . | trim | nindent 6 }}
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      topologySpreadConstraints:
        {{- with $values.topologySpreadConstraints }}
        {{- toYaml . | nindent 8 }}
        {{- else }}
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "muster.selector" . | nindent 14 }}
        {{- end }}
      {{- with include "muster.placement" $values | trim }}{{ . | nindent 6 }}{{ end }}
      containers:
        - name: {{ .component }}
          image: {{ include "muster.image" . | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with include "muster.containerSecurity" . }}{{ . | nindent 10 }}{{ end }}
          {{- with $values.extraEnvFrom }}
          envFrom: {{- toYaml . | nindent 12 }}
          {{- end }}
          env:
            {{- include "muster.connectionEnv" . | nindent 12 }}
            {{- if and .root.Values.traces.endpoint (ne .component "api") }}
            - {name: MUSTER_TRACES_ENDPOINT, value: {{ .root.Values.traces.endpoint | quote }}}
            - {name: MUSTER_TRACES_SHARE, value: {{ .root.Values.traces.share | quote }}}
            {{- end }}
            - {name: MUSTER_OPERATIONS_HOST, value: 0.0.0.0}
            - {name: MUSTER_OPERATIONS_PORT, value: "8081"}
            {{- .env | nindent 12 }}
            {{- with $values.extraEnv }}{{ toYaml . | nindent 12 }}{{ end }}
          ports:
            - {name: operations, containerPort: 8081}
            {{- with .ports }}{{ . | nindent 12 }}{{ end }}
          startupProbe:
            httpGet: {path: /health/live, port: operations}
            {{- toYaml .root.Values.probes.startup | nindent 12 }}
          livenessProbe:
            httpGet: {path: /health/live, port: operations}
            {{- toYaml .root.Values.probes.liveness | nindent 12 }}
          readinessProbe:
            httpGet: {path: /health/ready, port: operations}
            {{- toYaml .root.Values.probes.readiness | nindent 12 }}
          {{- if .ports }}
          lifecycle:
            # Until everybody has heard that no more connections are wanted here.
            preStop: {sleep: {seconds: 5}}
          {{- end }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            {{- include "muster.connectionMounts" . | nindent 12 }}
            {{- if .state }}
            # The state lies in a folder of its own below: the mount itself is not the service's to change.
            - {name: state, mountPath: /var/lib/muster}
            {{- end }}
            {{- with .mounts }}{{ . | nindent 12 }}{{ end }}
            {{- with $values.extraVolumeMounts }}{{ toYaml . | nindent 12 }}{{ end }}
      volumes:
        {{- include "muster.connectionVolumes" (merge (dict "configMap" (printf "%s-config" (include "muster.name" .root))) .) | nindent 8 }}
        {{- if and .state (not $persistent) }}
        - {name: state, emptyDir: {}}
        {{- end }}
        {{- with .volumes }}{{ . | nindent 8 }}{{ end }}
        {{- with $values.extraVolumes }}{{ toYaml . | nindent 8 }}{{ end }}
  {{- if $persistent }}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Delete}
  volumeClaimTemplates:
    - metadata:
        name: state
        labels: {{- include "muster.selector" . | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $values.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: {requests: {storage: {{ $values.persistence.size }}}}
  {{- end }}
{{- with $values.podDisruptionBudget }}{{ if .enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels: {{- include "muster.labels" $ | nindent 4 }}
spec:
  {{- if .minAvailable }}
  minAvailable: {{ .minAvailable }}
  {{- else }}
  maxUnavailable: {{ .maxUnavailable }}
  {{- end }}
  selector:
    matchLabels: {{- include "muster.selector" $ | nindent 6 }}
{{- end }}{{ end }}
{{- if $values.hpa.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{- include "muster.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: {{ $name }}}
  minReplicas: {{ $values.hpa.minReplicas }}
  maxReplicas: {{ $values.hpa.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ $values.hpa.targetCPUUtilizationPercentage }}}
  behavior:
    # Partitions and connections move when the number changes.
    scaleDown: {stabilizationWindowSeconds: 600, policies: [{type: Pods, value: 1, periodSeconds: 300}]}
{{- end }}
{{- end -}}

{{/* Scales by how far a consumer group is behind. Takes root, component, group and topics. */}}
{{- define "muster.keda" -}}
{{- $values := index .root.Values .component -}}
{{- if $values.keda.enabled }}
{{- if $values.hpa.enabled }}
{{- fail (printf "%s: either hpa or keda scales it, not both" .component) }}
{{- end }}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "muster.name" .root }}-{{ .component }}
  labels: {{- include "muster.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: {{ include "muster.name" .root }}-{{ .component }}}
  minReplicaCount: {{ $values.keda.minReplicas }}
  maxReplicaCount: {{ $values.keda.maxReplicas }}
  cooldownPeriod: 600
  triggers:
    {{- range .topics }}
    - type: kafka
      metadata:
        bootstrapServers: {{ include "muster.bootstrap" $.root | quote }}
        consumerGroup: {{ include "muster.onKafka" (dict "root" $.root "name" $.group) }}
        topic: {{ include "muster.onKafka" (dict "root" $.root "name" .) }}
        lagThreshold: {{ $values.keda.lagThreshold | quote }}
        allowIdleConsumers: "false"
      {{- with $values.keda.authentication }}
      authenticationRef: {name: {{ . }}}
      {{- end }}
    {{- end }}
{{- end }}
{{- end -}}

{{/* Whether topics can be prepared before anything else is there: not where the chart brings the brokers or the registry. */}}
{{- define "muster.preparesFirst" -}}
{{- if not (or .Values.strimzi.enabled .Values.registry.bundled.enabled) }}true{{ end -}}
{{- end -}}

{{/* Before anything else is there, where that can be; else the job tries until it can. Takes root and weight. */}}
{{- define "muster.hook" }}
{{- if include "muster.preparesFirst" .root }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation
{{- end }}
{{- end }}
