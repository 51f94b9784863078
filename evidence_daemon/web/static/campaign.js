// The progress of a campaign that runs, as the house sends it.  Without this, "show as it is now" does the same.
"use strict";
(() => {
  const at = document.getElementById("progress");
  if (!at?.dataset.stream || !window.EventSource) return;
  const source = new EventSource(at.dataset.stream);
  source.addEventListener("progress", (sent) => {
    if (at.contains(document.activeElement)) return;  // whoever reads there with the keyboard keeps his place
    at.innerHTML = sent.data;
    at.dataset.seen = sent.lastEventId;
  });
  source.addEventListener("moved", () => {
    source.close();
    const typing = document.activeElement?.matches("input, select, textarea");
    if (!typing) location.reload();
  });
  window.addEventListener("pagehide", () => source.close());
})();
