// Hands: single keys, boxes and fields that find each other, zoom and turning without a new page, a claim that
// is kept while somebody works.  Everything here also exists as a link, a field or a button.
"use strict";
(() => {
  const item = document.getElementById("item");
  const shortcuts = !item || item.dataset.shortcuts === "on";

  // ── keys ──
  const typing = (at) => at.matches("textarea, select, input:not([type=radio], [type=checkbox]), [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Escape") {
      document.getElementById("keys")?.removeAttribute("open");
      if (typing(at)) at.blur();
      return;
    }
    if (!shortcuts || typing(at)) return;
    if (event.key === "j" || event.key === "k") return step(event.key === "j" ? 1 : -1, event);
    if (event.key === "Enter" && at.matches("a, button, summary")) return;
    const wanted = event.key === "=" ? "+" : event.key;
    const all = [...document.querySelectorAll("[data-key]")].filter((one) => one.dataset.key === wanted && !one.disabled);
    const it = all.find((one) => one.closest("form#decide")) ?? all[0];
    if (!it) return;
    event.preventDefault();
    if (it.matches("input[type=search], textarea")) { it.focus(); return; }
    it.click();
    if (it.matches("input")) it.focus();
  });

  // ── values and their boxes ──
  const reads = () => [...document.querySelectorAll("tr.read")];
  const show = (path) => {
    document.querySelectorAll(".box.on, tr.read.on").forEach((one) => one.classList.remove("on"));
    if (!path) return;
    document.querySelectorAll("[data-read]").forEach((one) => {
      if (one.dataset.read !== path) return;
      one.classList.add("on");
      if (one.matches(".box")) one.querySelector("rect").scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  };
  const step = (way, event) => {
    const rows = reads();
    if (!rows.length) return;
    event.preventDefault();
    const now = rows.indexOf(document.activeElement?.closest("tr.read"));
    rows[(now + way + rows.length) % rows.length].focus();
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-read]");
    if (row) show(row.dataset.read);
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".box, .to-box");
    if (!box) return;
    const path = (box.closest("[data-read]") ?? box).dataset.read;
    const row = reads().find((one) => one.dataset.read === path);
    event.preventDefault();
    show(path);
    if (box.matches(".box") && row) { row.focus(); row.scrollIntoView({ block: "nearest" }); }
  });

  // ── zoom and turning ──
  const page = document.querySelector("svg.page");
  if (page) {
    const steps = [50, 75, 100, 150, 200, 300];
    document.addEventListener("click", (event) => {
      const zoom = event.target.closest?.("[data-zoom]");
      const turn = event.target.closest?.("[data-turn]");
      if (zoom) {
        event.preventDefault();
        const now = steps.indexOf(parseInt(page.getAttribute("width"), 10));
        const next = steps[Math.min(steps.length - 1, Math.max(0, now + (zoom.dataset.zoom === "in" ? 1 : -1)))];
        page.setAttribute("width", `${next}%`);
        document.querySelector("[data-zoom-now]").textContent = `${next} %`;
      } else if (turn) {
        event.preventDefault();
        const w = Number(page.dataset.width), h = Number(page.dataset.height);
        const to = (Number(page.dataset.turnNow) + 90) % 360;
        const moves = { 0: "", 90: `translate(${h} 0) rotate(90)`, 180: `translate(${w} ${h}) rotate(180)`, 270: `translate(0 ${w}) rotate(270)` };
        page.dataset.turnNow = String(to);
        page.setAttribute("viewBox", to % 180 ? `0 0 ${h} ${w}` : `0 0 ${w} ${h}`);
        page.querySelector("g.paper").setAttribute("transform", moves[to]);
      }
    });
  }

  // ── the claim, while somebody is active ──
  if (item?.dataset.keep) {
    let active = false, last = Date.now();
    for (const sign of ["keydown", "pointermove", "scroll"]) document.addEventListener(sign, () => { active = true; }, { passive: true });
    setInterval(() => {
      if (!active || Date.now() - last < 60_000) return;
      active = false;
      last = Date.now();
      fetch(item.dataset.keep, { method: "POST", headers: { "X-Token": item.dataset.token } });
    }, 5_000);
  }

  // ── the next one is made ready, and its pictures fetched, when this one is there ──
  window.addEventListener("load", () => {
    if (item?.dataset.prepare) {
      fetch(item.dataset.prepare)
        .then((answer) => (answer.ok ? answer.text() : ""))
        .then((lines) => { for (const address of lines.split("\n").filter(Boolean)) new Image().src = address; })
        .catch(() => {});
    }
    document.documentElement.classList.add("scripted");
    item?.querySelector("form#decide input[type=radio]")?.focus({ preventScroll: true });
    // A key that was pressed before htmx was ready chose without an answer being asked for: it is asked for now.
    setTimeout(() => {
      const chosen = item?.querySelector("form#decide input[name=verdict]:checked");
      if (chosen && !document.querySelector("#answer input[name=base]")) chosen.dispatchEvent(new Event("change", { bubbles: true }));
    }, 50);
  });
})();
