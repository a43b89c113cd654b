// Makes the pages pleasant; every one of them works without it.
for (const clock of document.querySelectorAll("[data-seconds-left]")) {
  const end = Date.now() + Number(clock.dataset.secondsLeft) * 1000;
  const tick = () => {
    const left = Math.round((end - Date.now()) / 1000);
    if (left <= 0) return location.reload();
    const part = (seconds) => String(Math.floor(seconds)).padStart(2, "0");
    clock.textContent = ` (${part(left / 3600)}:${part((left / 60) % 60)}:${part(left % 60)} left)`;
    setTimeout(tick, 1000);
  };
  if (Number(clock.dataset.secondsLeft) > 0) tick();
}
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach((form) => delete form.dataset.sent));
const wanted = document.querySelector("[aria-invalid=true]") || document.querySelector("[data-focus]");
if (wanted) wanted.focus();
