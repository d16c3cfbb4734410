"use strict";
const KINDS = ["succeeded", "failed", "running", "pending", "cancelled"];
const rows = document.getElementById("jobs");
const state = document.getElementById("state");

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

async function show() {
  try {
    const answer = await fetch("/live/jobs");
    if (answer.status === 401) {
      location.replace("/");
      return;
    }
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
    const jobs = await answer.json();
    rows.replaceChildren(...jobs.map(row));
    state.textContent = jobs.length ? `${jobs.length} most recent jobs (live).` : "No job has been asked for yet.";
  } catch (error) {
    state.textContent = `Not up to date: ${error.message}.`;
  }
  setTimeout(() => (document.hidden ? document.addEventListener("visibilitychange", show, {once: true}) : show()), 500);
}
show();
