// Looks again at a run every second and changes only what is different, so that focus, scrolling, what is
// being typed and what was opened stay.
"use strict";
(() => {
  const EVERY = 1000, LONGEST = 15000, UNSEEN = 15000, PATIENCE = 15000; // milliseconds
  const SHARE = 5; // look for at most a fifth of the time, however long the server takes
  let pause = EVERY, wake = null;

  function show(problem) {
    const place = document.querySelector("[data-run-problem]");
    place.textContent = problem;
    place.hidden = !problem;
  }

  function morph(shown, fresh) {
    if (shown.nodeType !== fresh.nodeType || shown.nodeName !== fresh.nodeName) return shown.replaceWith(fresh);
    if (shown.nodeType !== Node.ELEMENT_NODE) {
      if (shown.data !== fresh.data) shown.data = fresh.data;
      return;
    }
    for (const { name, value } of fresh.attributes) if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
    for (const { name } of [...shown.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) shown.removeAttribute(name);
    const have = [...shown.childNodes], want = [...fresh.childNodes];
    want.forEach((node, place) => (have[place] ? morph(have[place], node) : shown.append(node)));
    have.slice(want.length).forEach((node) => node.remove());
  }

  function apply(box, html) {
    const root = new DOMParser().parseFromString(html, "text/html").querySelector("[data-run-root]");
    for (const part of root.querySelectorAll("[data-part]")) {
      const shown = box.querySelector(`[data-part="${part.dataset.part}"]`);
      if (shown.innerHTML !== part.innerHTML) morph(shown, part);
    }
    const status = document.querySelector("[data-run-status]");
    if (status.textContent !== root.dataset.summary) status.textContent = root.dataset.summary;
    name(root.dataset.percent);
    return root.dataset.goesOn === "1";
  }

  // The tab says how far the run is, for who works in another one meanwhile.
  const title = document.title;
  function name(percent) {
    document.title = `${percent} % · ${title}`;
  }

  async function look(box) {
    const began = performance.now();
    const answer = await fetch(box.dataset.runProgress, {
      redirect: "manual",
      headers: { "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout(PATIENCE), // of an answer that never comes nobody else would say a word
    });
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
      await new Promise((done) => {
        wake = done;
        // Of a hidden page only the title is read.
        setTimeout(done, document.hidden ? Math.max(pause, UNSEEN) : pause);
      });
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
    if (!box || !box.querySelector('[data-goes-on="1"]')) return;
    watch(box);
    document.addEventListener("visibilitychange", () => document.hidden || wake?.());
  });
})();
