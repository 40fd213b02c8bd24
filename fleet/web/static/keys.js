// Keys: "/" searches, "?" shows what keys do, "g" and a figure go to a place of the rail.
// Never while somebody types; and who speaks to the machine can put them out of service (WCAG 2.1.4).
"use strict";

(() => {
  const OFF = "fleet-keys-off";
  let going = false;

  function typing(target) {
    return target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const help = document.getElementById("keys");
    const search = document.getElementById("search");
    const found = document.getElementById("found");
    if (!help) {
      return;
    }
    const choice = document.getElementById("keys-on");
    choice.checked = localStorage.getItem(OFF) === null;
    choice.addEventListener("change", () => {
      if (choice.checked) {
        localStorage.removeItem(OFF);
      } else {
        localStorage.setItem(OFF, "1");
      }
    });

    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        found.replaceChildren();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !choice.checked || help.open) {
        return;
      }
      if (going) {
        going = false;
        const place = help.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
        if (place) {
          event.preventDefault();
          place.click();
        }
      } else if (event.key === "/") {
        event.preventDefault();
        search.focus();
        search.select();
      } else if (event.key === "?") {
        event.preventDefault();
        help.showModal();
      } else if (event.key === "g") {
        going = true;
      }
    });
    document.addEventListener("click", (event) => {
      if (!event.target.closest(".search")) {
        found.replaceChildren();
      }
    });
  });
})();
