// Makes the pages pleasant; they are complete without it. One listener for each kind of event, no handlers in the markup.
(() => {
  const live = (words) => {
    document.querySelector("[data-live]").textContent = words;
  };

  // Moments in the reader's own zone. The exact moment in UTC stays in the title.
  const localize = (root) => {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, {
      day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    for (const time of root.querySelectorAll("time[datetime]")) {
      const parts = Object.fromEntries(format.formatToParts(new Date(time.dateTime)).map((part) => [part.type, part.value]));
      time.textContent = `${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute}`;
    }
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.copied = "";
      live("Copied");
      setTimeout(() => delete button.dataset.copied, 1500);
    } catch {
      live("Not copied: the browser does not allow it");
    }
  };

  const showTheme = () => {
    for (const button of document.querySelectorAll("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === window.farthingTheme.chosen()));
    }
  };

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-opens], [data-closes], [data-copy], [data-theme]");
    closeMenus(event.target.closest("details[data-menu]"));
    if (!target) return;
    if (target.dataset.opens) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      document.getElementById(target.dataset.opens).showModal();
    } else if ("closes" in target.dataset) {
      target.closest("dialog").close();
    } else if (target.dataset.copy) {
      copy(target);
    } else {
      window.farthingTheme.choose(target.dataset.theme);
      showTheme();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details[data-menu][open]");
      closeMenus();
      menu?.querySelector("summary").focus();
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.querySelector("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  });

  localize(document);
  showTheme();
})();
