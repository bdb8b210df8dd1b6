"use strict";
{
  // Language: what was chosen last, else the reader's own; both texts are in the page.
  const root = document.documentElement;
  const set = (lang) => {
    root.dataset.lang = lang;
    root.lang = lang === "zh" ? "zh-CN" : "en";
    try { localStorage.setItem("flyonce-lang", lang); } catch { /* a folder opened from disk may have none */ }
  };
  let kept = null;
  try { kept = localStorage.getItem("flyonce-lang"); } catch { /* as above */ }
  set(kept === "zh" || kept === "en" ? kept : navigator.language.startsWith("zh") ? "zh" : "en");
  root.classList.add("js");
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("language").addEventListener("click", () => set(root.dataset.lang === "zh" ? "en" : "zh"));
  });
}
