package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Put;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.credential.ApiTokens;
import io.muster.api.http.Answers;
import io.muster.api.http.Time;
import io.muster.api.http.Workers;
import io.muster.api.job.CatalogView;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.Etags;
import io.muster.records.ApiToken;
import io.muster.records.CatalogItem;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.SaveCatalogItem;
import io.muster.records.TokenRole;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Serves API tokens: each is shown once, when it is made. Contract: iot-central, 1.1; addresses, "Rulings". */
@Controller(Central.MOUNT)
@Consumes(MediaType.ALL)
final class TokenController {
    private static final Duration LIFE = Duration.ofDays(365);
    private static final int MOST = 1000;
    private static final Members OF_TOKEN = Members.of("id", "roles", "expiry", "token");
    private static final Members OF_ROLE = Members.of("role", "organization");

    /** Lists roles by our words and by the ids of IoT Central's built-in ones: administrator, builder, operator. */
    private static final Map<String, TokenRole> ROLES = Map.of(
            "read", TokenRole.READ,
            "operate", TokenRole.OPERATE,
            "administer", TokenRole.ADMINISTER,
            "ca310b8d-2f4a-44e0-a36e-957c202cd8d4", TokenRole.ADMINISTER,
            "344138e9-8de4-4497-8c54-5237e96d6aaf", TokenRole.OPERATE,
            "ae2c9854-393b-4f97-8c42-479d70ce626e", TokenRole.OPERATE);

    /** Lists all that a token may stand for: a policy makes one where it has these rights itself. */
    private static final EnumSet<Right> OF_MAKERS =
            EnumSet.of(Right.REGISTRY_READ, Right.REGISTRY_WRITE, Right.SERVICE_CONNECT);

    private final Requests requests;
    private final CatalogView catalog;
    private final Workers workers;
    private final Time time;

    TokenController(Requests requests, CatalogView catalog, Workers workers, Time time) {
        this.requests = requests;
        this.catalog = catalog;
        this.workers = workers;
        this.time = time;
    }

    @Get("/api/apiTokens")
    CompletionStage<HttpResponse<String>> list(HttpRequest<?> request) {
        return workers.get(() ->
                CatalogLists.page(new CentralRequest(request), catalog, ApiTokens.LIST, TokenController::document));
    }

    @Get("/api/apiTokens/{id}")
    HttpResponse<String> get(HttpRequest<?> request, @PathVariable String id) {
        return Answers.ok(document(item(request, id)));
    }

    @Put("/api/apiTokens/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> make(new CentralRequest(request), CentralRequest.id(id), JsonBody.parse(body)));
    }

    private CompletionStage<HttpResponse<String>> make(CentralRequest request, String id, JsonBody body) {
        if (request.caller() instanceof Caller.Program maker && !maker.rights().containsAll(OF_MAKERS)) {
            throw new ProblemException(new Problem(
                    403,
                    "Forbidden",
                    "The policy " + maker.policy() + " makes no tokens: it lacks rights that they have."));
        }
        List<JsonBody> roles = body.rejectOthers(OF_TOKEN).objects("roles");
        if (roles.size() != 1) {
            throw body.wrong("roles", "a list of exactly one role");
        }
        JsonBody given = roles.getFirst().rejectOthers(OF_ROLE);
        TokenRole role = given.text("role")
                .map(ROLES::get)
                .orElseThrow(() -> given.wrong("role", "read, operate or administer, or the id of a built-in role"));
        @Nullable
        String organization = given.text("organization")
                .map(request.scope()::checked)
                .orElseGet(() -> request.scope().organization().orElse(null));
        if (CatalogLists.isFull(catalog, ApiTokens.LIST, MOST)) {
            throw new ProblemException(new Problem(
                    400, "TooManyApiTokens", "There are " + MOST + " API tokens, as many as may be: revoke one."));
        }
        Instant expiresAt = time.now().plus(LIFE);
        String token = ApiTokens.draw(request.host(), id, expiresAt);
        ObjectNode source = body.copy().retain("roles");
        return requests.catalog(
                        ApiTokens.LIST + id,
                        new SaveCatalogItem(
                                new ApiToken(role, ApiTokens.hash(token), expiresAt),
                                organization,
                                source.toString(),
                                null,
                                true))
                .thenApply(saved -> Answers.ok(document(saved).put("token", token)));
    }

    @Delete("/api/apiTokens/{id}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, @PathVariable String id) {
        CatalogItem known = item(request, id);
        return requests.deleteCatalogItem(ApiTokens.LIST + id, new DeleteCatalogItem(Etags.of(known)))
                .thenApply(_ -> Answers.noContent());
    }

    private CatalogItem item(HttpRequest<?> request, String id) {
        return CatalogLists.item(new CentralRequest(request), catalog, ApiTokens.LIST, id, "API token");
    }

    private static ObjectNode document(CatalogItem item) {
        ObjectNode body = CatalogLists.document(item, ApiTokens.LIST, "id");
        return body.put("expiry", ((ApiToken) item.getContent()).getExpiresAt().toString());
    }
}
