// The preview beside the form follows it while one types. An answer that comes late changes nothing.
"use strict";
(() => {
  const PAUSE = 400; // milliseconds without a change before the server is asked
  const SENT = /^(csrfmiddlewaretoken|course|lesson_number|title|section_.*)$/; // and what the page names

  class Preview {
    constructor(panel) {
      this.panel = panel;
      this.form = document.getElementById(panel.dataset.form);
      this.more = (panel.dataset.fields || "").split(" ");
      this.page = panel.querySelector("[data-preview-live] [data-preview-page]");
      this.status = panel.querySelector("[data-preview-status]");
      this.asked = 0; // the number of the newest question
      this.form.addEventListener("input", () => this.soon());
      this.form.addEventListener("change", () => this.soon());
      if (document.querySelector(".errornote, .persona-conflict")) this.refresh();
    }

    soon() {
      clearTimeout(this.timer);
      this.tell("busy");
      this.timer = setTimeout(() => this.refresh(), PAUSE);
    }

    tell(what) {
      this.status.textContent = this.panel.dataset[what];
      this.status.classList.toggle("persona-off-limits", what === "lost" || what === "loggedOut");
    }

    async refresh() {
      const number = ++this.asked;
      this.abort?.abort();
      this.abort = new AbortController();
      const body = new FormData();
      for (const [name, value] of new FormData(this.form)) {
        if (SENT.test(name) || this.more.includes(name)) body.append(name, value);
      }
      try {
        const answer = await fetch(this.panel.dataset.preview, {
          method: "POST", body, redirect: "manual", signal: this.abort.signal,
        });
        const html = await answer.text();
        if (number !== this.asked) return;
        if (answer.type === "opaqueredirect" || answer.status === 403) this.tell("loggedOut");
        else if (!answer.ok) this.tell("lost");
        else {
          if (this.page.innerHTML !== html) this.page.innerHTML = html;
          this.tell("fresh");
        }
      } catch {
        if (number === this.asked) this.tell("lost");
      }
    }
  }

  // Arrow keys go from tab to tab, as everywhere.
  function tabs(list) {
    const all = [...list.querySelectorAll("[role=tab]")];
    const choose = (chosen) => {
      for (const tab of all) {
        const on = tab === chosen;
        tab.setAttribute("aria-selected", String(on));
        tab.tabIndex = on ? 0 : -1;
        document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
      }
    };
    list.hidden = false;
    choose(all[0]);
    list.addEventListener("click", (event) => event.target.role === "tab" && choose(event.target));
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = all[(all.indexOf(event.target) + step + all.length) % all.length];
      choose(next);
      next.focus();
    });
  }

  // Where there is no room beside the form, the preview waits behind a button at the lower edge.
  function toggle(panel) {
    const opener = panel.querySelector("[data-preview-toggle]");
    opener.hidden = false;
    panel.classList.add("persona-foldable");
    opener.addEventListener("click", () => {
      const open = panel.classList.toggle("persona-unfolded");
      opener.setAttribute("aria-expanded", String(open));
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const panel = document.querySelector("[data-preview]");
    if (!panel) return;
    new Preview(panel);
    const list = panel.querySelector("[data-preview-tabs]");
    if (list) tabs(list);
    toggle(panel);
  });
})();
