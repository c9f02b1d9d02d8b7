"use strict";
(() => {
  const tools = document.querySelector(".tools");
  if (!tools) return;
  const filter = document.getElementById("filter");
  const trouble = document.getElementById("trouble");
  const found = document.getElementById("found");
  const bad = ".fail, .error, .warn, .inconclusive";
  const leaves = ".rung, .finding, .lane, .raw details";
  const words = new WeakMap();
  const text = (node) => {
    if (!words.has(node)) words.set(node, node.textContent.toLowerCase());
    return words.get(node);
  };
  const context = (node) => {
    const holder = node.parentElement.closest("[data-find], .group");
    return holder ? text(holder.querySelector("summary, header") || holder) + context(holder) : "";
  };
  const show = () => {
    const wanted = filter.value.trim().toLowerCase();
    const contexts = new Map();
    let count = 0;
    for (const node of document.querySelectorAll(leaves)) {
      if (!contexts.has(node.parentElement)) contexts.set(node.parentElement, wanted && context(node));
      const isBad = node.matches(bad) || (!node.matches(".rung") && node.querySelector(".mark")?.matches(bad));
      node.hidden = (trouble.checked && !isBad) || !(text(node) + contexts.get(node.parentElement)).includes(wanted);
      if (!node.hidden && node.matches(".rung")) count += 1;
    }
    const narrowed = wanted !== "" || trouble.checked;
    for (const node of document.querySelectorAll(".cell, .target, .group, .raw")) {
      node.hidden = narrowed && !node.querySelector(":is(.rung, .lane, details):not([hidden])");
    }
    if (narrowed) for (const node of document.querySelectorAll(".cell:not([hidden]), .host")) node.open = true;
    found.value = narrowed ? `${count} ${count === 1 ? "check" : "checks"} found` : "";
  };
  let waiting = 0;
  filter.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 120); });
  trouble.addEventListener("change", show);
  for (const button of tools.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      for (const node of document.querySelectorAll("[data-fold]")) node.open = Boolean(button.dataset.open);
    });
  }
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let node = target.closest("details"); node; node = node.parentElement.closest("details")) node.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  tools.hidden = false;
})();
