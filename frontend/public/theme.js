// Sets the colour scheme that was chosen in Account before anything is painted.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("capecontrol.theme");
  } catch (_) {
    // Storage may be forbidden; the system's choice stands then.
  }
  if (choice === "light" || choice === "dark") {
    document.documentElement.dataset.theme = choice;
  }
})();
