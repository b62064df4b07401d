// The fields of what crosses, each named once for both directions.
#pragma once

#include "remote/client_messages.hpp"

namespace urb {

// Each list names all members, so that a new one does not compile until it is here.

template <class Hello, class Visit>
void visit_hello(Hello& hello, Visit&& visit) {
  auto& [version, host, boot_id, pid_namespace, pid, network] = hello;
  visit("version", version);
  visit("host", host);
  visit("boot_id", boot_id);
  visit("pid_namespace", pid_namespace);
  visit("pid", pid);
  visit("network", network);
}

template <class Options, class Visit>
void visit_options(Options& options, Visit&& visit) {
  auto& [target, host, path, method, headers, connections, body, mix, seed, reuse, warmup, duration,
         requests, rate, arrivals, request_timeout, drain_timeout, expected_text, mix_texts,
         expected_response_bytes, verify, requires_proof, tls, tls_resumes, tls_name, routes] =
      options;
  visit("target", target);
  visit("host", host);
  visit("path", path);
  visit("method", method);
  visit("headers", headers);
  visit("connections", connections);
  visit("body", body);
  visit("mix", mix);
  visit("seed", seed);
  visit("reuse", reuse);
  visit("warmup", warmup);
  visit("duration", duration);
  visit("requests", requests);
  visit("rate", rate);
  visit("arrivals", arrivals);
  visit("request_timeout", request_timeout);
  visit("drain_timeout", drain_timeout);
  visit("expected_text", expected_text);
  visit("mix_texts", mix_texts);
  visit("expected_response_bytes", expected_response_bytes);
  visit("verify", verify);
  visit("requires_proof", requires_proof);
  visit("tls", tls);
  visit("tls_resumes", tls_resumes);
  visit("tls_name", tls_name);
  visit("routes", routes);
}

template <class Arrivals, class Visit>
void visit_arrivals(Arrivals& arrivals, Visit&& visit) {
  auto& [kind, record] = arrivals;
  auto& [times, period] = record;
  visit("kind", kind);
  visit("times", times);
  visit("period", period);
}

template <class Errors, class Visit>
void visit_errors(Errors& errors, Visit&& visit) {
  auto& [connect, io, status, framing, content, timeout] = errors;
  visit("connect", connect);
  visit("io", io);
  visit("status", status);
  visit("framing", framing);
  visit("content", content);
  visit("timeout", timeout);
}

template <class Result, class Visit>
void visit_result(Result& result, Visit&& visit) {
  auto& [latency, small_latency, service, lateness, requests, body_bytes, connections, handshakes,
         resumed, errors, first_error, elapsed, stalled, busiest_share, interrupted, used,
         missing_closes, ignored_closes, awaited_closes, close_wait, idle_closes, missed, unsent,
         requests_by_worker, routed_right, verified_requests, total_requests, total_body_bytes,
         verified_bytes, unfinished] = result;
  visit("latency", latency);
  visit("small_latency", small_latency);
  visit("service", service);
  visit("lateness", lateness);
  visit("requests", requests);
  visit("body_bytes", body_bytes);
  visit("connections", connections);
  visit("handshakes", handshakes);
  visit("resumed", resumed);
  visit("errors", errors);
  visit("first_error", first_error);
  visit("elapsed", elapsed);
  visit("stalled", stalled);
  visit("busiest_share", busiest_share);
  visit("interrupted", interrupted);
  visit("used", used);
  visit("missing_closes", missing_closes);
  visit("ignored_closes", ignored_closes);
  visit("awaited_closes", awaited_closes);
  visit("close_wait", close_wait);
  visit("idle_closes", idle_closes);
  visit("missed", missed);
  visit("unsent", unsent);
  visit("requests_by_worker", requests_by_worker);
  visit("routed_right", routed_right);
  visit("verified_requests", verified_requests);
  visit("total_requests", total_requests);
  visit("total_body_bytes", total_body_bytes);
  visit("verified_bytes", verified_bytes);
  visit("unfinished", unfinished);
}

template <class Order, class Visit>
void visit_order(Order& order, Visit&& visit) {
  auto& [load, companions, watches_host] = order;
  visit("load", load);
  visit("companions", companions);
  visit("watches_host", watches_host);
}

template <class Report, class Visit>
void visit_report(Report& report, Visit&& visit) {
  auto& [load, cpu, throttled, has_full_host, disturbed, disturber, is_blind, link] = report;
  visit("load", load);
  visit("cpu", cpu);
  visit("throttled", throttled);
  visit("has_full_host", has_full_host);
  visit("disturbed", disturbed);
  visit("disturber", disturber);
  visit("is_blind", is_blind);
  visit("link", link);
}

}  // namespace urb
