import { defineConfig } from "vite";

const farthing = "http://127.0.0.1:4242";

export default defineConfig({
  // Where main.py serves what `npm run build` made: same origin as the API, so the cookie of the sign-in goes along.
  base: "/app/",
  // `npm run dev` asks a running `farthing dev main:app`. By the same name as that one, or the cookie stays at home.
  server: { host: "127.0.0.1", proxy: { "/v1": farthing, "/hello": farthing, "/checkout": farthing } },
});
