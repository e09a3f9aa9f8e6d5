// Light or dark: as the system says, until somebody chooses.

const system = matchMedia("(prefers-color-scheme: dark)");
const stored = () => { try { return localStorage.getItem("look"); } catch { return null; } };

export function startLook(button) {
  const show = () => { document.documentElement.dataset.theme = stored() ?? (system.matches ? "dark" : "light"); };
  button.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("look", next); } catch { /* private window: for this page only */ }
  });
  system.addEventListener("change", show);
  show();
}
