// Light or dark: as the system has it, until the button is pressed.

function startTheme(refresh) {
  const take = (name) => {
    document.documentElement.dataset.theme = name;
    place("theme", name === "dark" ? "Light" : "Dark");
    refresh();
  };
  take(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.getElementById("theme").addEventListener("click", () => take(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
}
