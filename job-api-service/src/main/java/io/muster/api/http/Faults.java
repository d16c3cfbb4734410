package io.muster.api.http;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Error;
import io.micronaut.http.exceptions.ContentLengthExceededException;
import io.muster.api.access.Throttles;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.io.EOFException;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every way in which a request can fail, in the form that its clients read. */
@Controller
final class Faults {
    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

    private final Time time;

    Faults(Time time) {
        this.time = time;
    }

    @Error(global = true)
    MutableHttpResponse<String> any(HttpRequest<?> request, Throwable error) {
        Problem problem = problem(request, error);
        return StreamJobController.serves(request.getPath())
                ? Answers.problem(problem)
                : Answers.problem(problem, isMethodForm(request, error), time.now());
    }

    @Error(global = true, status = HttpStatus.NOT_FOUND)
    MutableHttpResponse<String> noRoute(HttpRequest<?> request) {
        return Answers.problem(Problem.notFound("There is nothing at " + request.getPath() + "."), false, time.now());
    }

    @Error(global = true, status = HttpStatus.METHOD_NOT_ALLOWED)
    MutableHttpResponse<String> noMethod(HttpRequest<?> request) {
        Problem problem = new Problem(
                405,
                405000,
                "MethodNotAllowed",
                request.getPath() + " can't be asked to " + request.getMethodName() + ".");
        return Answers.problem(problem, false, time.now());
    }

    @Error(global = true, status = HttpStatus.REQUEST_ENTITY_TOO_LARGE)
    MutableHttpResponse<String> tooLarge(HttpRequest<?> request) {
        return Answers.problem(Problem.tooLarge("The body is too large."), false, time.now());
    }

    private static Problem problem(HttpRequest<?> request, Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        return switch (cause) {
            case ProblemException known -> known.problem();
            case ContentLengthExceededException _ -> Problem.tooLarge("The body is too large.");
            // Nobody reads the answer: the connection was closed, by the caller or for its time.
            case EOFException _ -> Problem.badFormat("The body ended before it was whole.");
            case io.micronaut.core.convert.exceptions.ConversionErrorException bad ->
                Problem.argumentInvalid("The parameter " + bad.getArgument().getName() + " is wrong.");
            case io.micronaut.web.router.exceptions.UnsatisfiedRouteException bad ->
                Problem.argumentInvalid("The parameter " + bad.getArgument().getName() + " is missing.");
            default -> {
                LOG.error("A request failed, method={} path={}", request.getMethodName(), request.getPath(), cause);
                yield Problem.serverError();
            }
        };
    }

    /** Clients of methods read the number of a gateway's error from form B. */
    private static boolean isMethodForm(HttpRequest<?> request, Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        return Throttles.Kind.of(GateFilter.route(request)) == Throttles.Kind.METHODS
                && cause instanceof ProblemException known
                && (known.problem().code() == 404103 || known.problem().status() == 504);
    }
}
