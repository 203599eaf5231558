import js from "@eslint/js";
import lit from "eslint-plugin-lit";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["dist/", "src/protocol.gen.ts", "src/i18n/generated/"]),
  js.configs.recommended,
  {
    files: ["src/**/*.ts", "tests/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, lit.configs["flat/recommended"]],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Numbers and booleans in words and class names are meant.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Lit listeners are methods bound by the template.
      "@typescript-eslint/unbound-method": "off",
      // `case x: return this.#do()` leaves the switch in the line that names the deed.
      "@typescript-eslint/no-confusing-void-expression": "off",
      "max-lines": ["error", 400],
    },
  },
  {
    files: ["tools/*.js", "eslint.config.js"],
    languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly" } },
  },
);
