// Looks again at a run every second and replaces only what changed, so that focus and scrolling stay.
"use strict";
(() => {
  const EVERY = 1000, LONGEST = 15000; // milliseconds
  const SHARE = 5; // a run of a million takes long to count: look for at most a fifth of the time
  let pause = EVERY;

  function show(problem) {
    const place = document.querySelector("[data-run-problem]");
    place.textContent = problem;
    place.hidden = !problem;
  }

  function apply(box, html) {
    const root = new DOMParser().parseFromString(html, "text/html").querySelector("[data-run-root]");
    for (const part of root.querySelectorAll("[data-part]")) {
      const shown = box.querySelector(`[data-part="${part.dataset.part}"]`);
      if (shown.innerHTML !== part.innerHTML) shown.innerHTML = part.innerHTML;
    }
    const status = document.querySelector("[data-run-status]");
    if (status.textContent !== root.dataset.summary) status.textContent = root.dataset.summary;
    return root.dataset.goesOn === "1";
  }

  async function look(box) {
    if (document.hidden) return true;
    const began = performance.now();
    const answer = await fetch(box.dataset.runProgress, { redirect: "manual", headers: { "X-Requested-With": "fetch" } });
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      show(box.dataset.loggedOut);
      return false;
    }
    if (!answer.ok) throw new Error(answer.status);
    show("");
    const goesOn = apply(box, await answer.text());
    pause = Math.max(EVERY, (SHARE - 1) * (performance.now() - began));
    return goesOn;
  }

  async function watch(box) {
    let goesOn = true;
    while (goesOn) {
      await new Promise((done) => setTimeout(done, pause));
      try {
        goesOn = await look(box);
      } catch {
        show(box.dataset.lost);
        pause = Math.min(pause * 2, LONGEST);
      }
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("[data-run-progress]");
    if (box && box.querySelector('[data-goes-on="1"]')) watch(box);
  });
})();
