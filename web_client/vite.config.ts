/// <reference types="vitest/config" />
import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    target: "es2022",
    outDir: "dist",
    // The server's policy forbids scripts and data that are not its own files, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { port: 5173, proxy: { "/ws": { target: "ws://localhost:8080", ws: true } } },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"] },
});
