"use strict";
document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const state = document.getElementById("state");
  try {
    const token = document.getElementById("token").value.trim();
    const answer = await fetch("/live/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    if (answer.ok) {
      location.replace("/");
    } else {
      const problem = await answer.json();
      state.textContent = problem.Message.replace(/^ErrorCode:\w+;/, "");
    }
  } catch (error) {
    state.textContent = `The API can't be reached: ${error.message}.`;
  }
});
