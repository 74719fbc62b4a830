// How long a section is, beside what its format wants: guidance, never an error. All words come from the page.
"use strict";
window.persona = (() => {
  const plurals = new Intl.PluralRules(document.documentElement.lang || "en");

  // "т. е." and "e.g. this" end no sentence: no small letter may follow.
  function sentences(text) {
    const ends = text.trim().match(/[.!?…]+[»”"')\]]*(?=\s+(?:[–—-]\s+)?[^\s\p{Ll}–—-]|$)/gu) || [];
    const open = /[\p{L}\p{N}][^.!?…]*$/u.test(text.trim());
    return ends.length + (open ? 1 : 0);
  }

  function wordCount(text) {
    return (text.match(/[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)*/gu) || []).length;
  }

  // The section's count in words, and whether it is as the format wants it.
  function rangeText(said, count) {
    const { low, high, text, few, many } = said.range;
    const shown = text.replace("{count}", count);
    if (!count && !said.required) return { text: shown, good: true };
    const verdict = count < low ? few : count > high ? many : "";
    return { text: verdict ? `${shown} – ${verdict}` : shown, good: !verdict };
  }

  function itemText(said, text) {
    const count = wordCount(text), good = count <= said.words.most;
    const forms = good ? said.words.fine : said.words.over;
    return { text: (forms[plurals.select(count)] || forms.other).replace("{count}", count), good };
  }

  function show(place, { text, good }) {
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle("persona-off-limits", !good);
  }

  // For a screen reader; not for every letter, only when something has changed for good.
  function say(text) {
    const place = document.querySelector("[data-editor-says]");
    if (place) place.textContent = place.textContent === text ? `${text}\u00a0` : text;
  }

  // A line below the field that follows `count()`; the field and its guidance are tied together.
  function counter(field, said, count) {
    const help = field.parentElement.querySelector("[data-plain]")?.parentElement;
    const place = document.createElement("p");
    place.className = "persona-count";
    place.id = `${field.id}-count`;
    if (help) {
      help.id = `${field.id}-help`;
      help.before(place);
    } else field.after(place);
    let good = null;
    const update = () => {
      const now = rangeText(said, count());
      show(place, now);
      if (good !== null && good !== now.good) say(`${said.label}: ${now.text}`);
      good = now.good;
    };
    update();
    return { update, describes: [help?.id, place.id].filter(Boolean).join(" ") };
  }

  function grow(area) {
    if (CSS.supports("field-sizing", "content")) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const field of document.querySelectorAll("textarea[data-editor]")) {
      const said = JSON.parse(field.dataset.editor);
      grow(field);
      field.addEventListener("input", () => grow(field));
      if (said.kind !== "text" || !said.range) continue;
      const { update, describes } = counter(field, said, () => sentences(field.value));
      field.setAttribute("aria-describedby", describes);
      field.addEventListener("input", update);
    }
  });
  return { counter, grow, itemText, say, sentences, show, wordCount };
})();
