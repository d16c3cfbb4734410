// A certified OpenID provider, for a test: three clients, each with one role of Muster. Arguments: the port on which it listens, and the
// secret of all clients. Says so when it does.
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const [port, secret] = process.argv.slice(2);
const issuer = `http://localhost:${port}`;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(issuer, {
  clients: ["read", "operate", "administer", "nothing"].map((role) => ({
    client_id: role, client_secret: secret, grant_types: ["client_credentials"], redirect_uris: [], response_types: [],
  })),
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "one" }] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: "", audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 300, jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  extraTokenClaims: (_, token) => ({ roles: [`muster.${token.clientId}`] }),
});
provider.listen(Number(port), "localhost", () => console.log("listens"));
