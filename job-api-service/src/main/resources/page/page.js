"use strict";
const KINDS = ["succeeded", "failed", "running", "pending", "cancelled"];
const SHOWN = 50;
const LONGEST_SILENCE_MS = 30_000;
const rows = document.getElementById("jobs");
const state = document.getElementById("state");
let jobs = [];
let events = null;
let heardAt = 0;

function cell(text, className) {
  const td = document.createElement("td");
  td.textContent = text;
  if (className) td.className = className;
  return td;
}

function bar(counts) {
  const td = document.createElement("td");
  const box = document.createElement("div");
  box.className = "bar";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", KINDS.map((k) => `${k} ${counts[k + "Count"] || 0}`).join(", "));
  for (const kind of KINDS) {
    const part = document.createElement("span");
    part.className = kind;
    part.style.width = `${(100 * (counts[kind + "Count"] || 0)) / Math.max(1, counts.deviceCount)}%`;
    box.append(part);
  }
  td.append(box);
  return td;
}

function status(job) {
  const why = job.failureReason || job.statusMessage;
  return why ? `${job.status}: ${why}` : job.status;
}

function row(job) {
  const counts = job.deviceJobStatistics || { deviceCount: 0 };
  const tr = document.createElement("tr");
  tr.append(cell(job.jobId), cell(job.type), cell(status(job)), bar(counts));
  tr.append(cell(counts.deviceCount, "n"));
  for (const kind of KINDS) tr.append(cell(counts[kind + "Count"] || 0, "n"));
  return tr;
}

function draw() {
  rows.replaceChildren(...jobs.map(row));
  state.textContent = jobs.length ? `${jobs.length} most recent jobs (live).` : "No job has been asked for yet.";
}

function take(name, data) {
  const at = jobs.findIndex((job) => job.jobId === data.jobId);
  if (name === "jobRemoved") {
    if (at >= 0) jobs.splice(at, 1);
  } else if (at >= 0) {
    jobs[at] = { ...jobs[at], deviceJobStatistics: undefined, ...(name === "job" ? {} : jobs[at]), ...data };
  } else if (name === "job") {
    jobs = [data, ...jobs].slice(0, SHOWN);
  }
}

function silent(reason) {
  state.textContent = `Not up to date: ${reason}.`;
}

function listen(position) {
  let drawn = false;
  events = new EventSource(`/live/events?kinds=job,statistics&after=${encodeURIComponent(position)}`);
  const hears = (name, act) =>
    events.addEventListener(name, (event) => {
      heardAt = Date.now();
      act(JSON.parse(event.data));
      if (!drawn) {
        drawn = true;
        requestAnimationFrame(() => {
          drawn = false;
          draw();
        });
      }
    });
  for (const name of ["job", "statistics", "jobRemoved"]) hears(name, (data) => take(name, data));
  hears("heartbeat", () => {});
  hears("reset", begin);
  events.onerror = () => {
    silent("the API doesn't answer");
    if (events.readyState === EventSource.CLOSED) setTimeout(begin, 1000);
  };
}

async function begin() {
  if (events) events.close();
  events = null;
  try {
    const answer = await fetch("/live/jobs");
    if (answer.status === 401) {
      location.replace("/");
      return;
    }
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
    jobs = await answer.json();
    heardAt = Date.now();
    draw();
    if (!document.hidden) listen(answer.headers.get("Last-Event-ID"));
  } catch (error) {
    silent(error.message);
    setTimeout(begin, 1000);
  }
}

// A tab that nobody sees keeps no connection: a browser has few.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && events) {
    events.close();
    events = null;
  } else if (!document.hidden && !events) {
    begin();
  }
});
setInterval(() => {
  if (events && Date.now() - heardAt > LONGEST_SILENCE_MS) begin();
}, 5000);
begin();
