// Ticks, their sum, and following. Everything else works without this file.
"use strict";

// Reload a page that is followed, unless the person is in the middle of something.
if (document.body.dataset.follow) {
  setInterval(() => {
    if (!document.querySelector("input:checked, details[open]") && !document.hidden) location.reload();
  }, 3000);
}

for (const form of document.querySelectorAll("form[data-ticks]")) {
  const boxes = [...form.querySelectorAll("input[name=batch]")];
  const all = form.querySelector("[data-all]");
  const said = form.querySelector("[data-sum]");
  const format = new Intl.NumberFormat("nb-NO", { minimumFractionDigits: 2 });

  function show() {
    const ticked = boxes.filter((box) => box.checked);
    const sums = new Map();
    for (const box of ticked) {
      for (const { unit, hundredths } of JSON.parse(box.dataset.sums)) {
        sums.set(unit, (sums.get(unit) ?? 0n) + BigInt(hundredths));
      }
    }
    const amounts = [...sums].map(([unit, hundredths]) => `${format.format(`${hundredths}e-2`)} ${unit}`);
    said.textContent = said.dataset.words.replace("{number}", ticked.length).replace("{sums}", amounts.join(", ") || "0");
    all.checked = ticked.length === boxes.length;
    all.indeterminate = ticked.length > 0 && !all.checked;
  }

  all.closest("[hidden]").hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; show(); });
  form.addEventListener("change", show);
  show();
}
