package io.muster.api.http;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Error;
import io.micronaut.http.exceptions.BufferLengthExceededException;
import io.micronaut.http.exceptions.ContentLengthExceededException;
import io.micronaut.web.router.exceptions.UnsatisfiedRouteException;
import io.muster.api.job.Causes;
import io.muster.api.job.RefusedException;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Surface;
import io.muster.api.surface.Surfaces;
import java.io.EOFException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers every request that fails, in the form of its surface. */
@Controller
final class Faults {
    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

    private final Surfaces surfaces;
    private final Time time;

    Faults(Surfaces surfaces, Time time) {
        this.surfaces = surfaces;
        this.time = time;
    }

    private MutableHttpResponse<String> refuse(HttpRequest<?> request, Problem fault) {
        Surface surface = GateFilter.surface(surfaces, request);
        Problem problem = surface.named(fault);
        return Answers.problem(problem, surface.envelope(problem, GateFilter.route(request), time.now()));
    }

    @Error(global = true)
    MutableHttpResponse<String> any(HttpRequest<?> request, Throwable error) {
        return refuse(request, problem(request, error));
    }

    @Error(global = true, status = HttpStatus.NOT_FOUND)
    MutableHttpResponse<String> noRoute(HttpRequest<?> request) {
        return refuse(request, GateFilter.surface(surfaces, request).noRoute(Surfaces.unmounted(request.getPath())));
    }

    @Error(global = true, status = HttpStatus.METHOD_NOT_ALLOWED)
    MutableHttpResponse<String> noMethod(HttpRequest<?> request) {
        return refuse(
                request,
                new Problem(
                        405,
                        "MethodNotAllowed",
                        Surfaces.unmounted(request.getPath()) + " can't be asked to " + request.getMethodName() + "."));
    }

    @Error(global = true, status = HttpStatus.REQUEST_ENTITY_TOO_LARGE)
    MutableHttpResponse<String> tooLarge(HttpRequest<?> request) {
        return refuse(request, Problem.tooLarge("The body is too large."));
    }

    private Problem problem(HttpRequest<?> request, Throwable error) {
        Throwable cause = Causes.of(error);
        return switch (cause) {
            case ProblemException known -> known.problem();
            case RefusedException refused ->
                GateFilter.surface(surfaces, request).problem(refused.refusal());
            case ContentLengthExceededException _, BufferLengthExceededException _ ->
                Problem.tooLarge("The body is too large.");
            // Nobody reads the answer: the connection was closed, by the caller or for its time.
            case EOFException _ -> Problem.badFormat("The body ended before it was whole.");
            case io.micronaut.core.convert.exceptions.ConversionErrorException bad ->
                Problem.argumentInvalid("The parameter " + bad.getArgument().getName() + " is wrong.");
            case UnsatisfiedRouteException bad
            when bad.getArgument().isAnnotationPresent(Body.class) ->
                Problem.badFormat("The body is missing, or was not whole.");
            case UnsatisfiedRouteException bad ->
                Problem.argumentInvalid("The parameter " + bad.getArgument().getName() + " is missing.");
            default -> {
                LOG.error(
                        "A request failed, method={} path={}",
                        request.getMethodName(),
                        Surfaces.unmounted(request.getPath()),
                        cause);
                yield Problem.serverError();
            }
        };
    }
}
