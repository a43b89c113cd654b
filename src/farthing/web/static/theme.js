// Sets the colors before the first paint: what the reader chose here, or else what the system says.
(() => {
  const KEY = "farthing-theme";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      return localStorage.getItem(KEY) || "system";
    } catch {
      return "system"; // Storage may be forbidden, as in a private window.
    }
  };

  const paint = () => {
    const dark = chosen() === "dark" || (chosen() === "system" && system.matches);
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
  };

  window.farthingTheme = {
    chosen,
    choose(theme) {
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // The choice then holds for no longer than this page; nothing to tell the reader.
      }
      paint();
    },
  };
  root.classList.add("js");
  system.addEventListener("change", paint);
  paint();
})();
