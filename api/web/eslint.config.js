import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** What a floor may not import: what stands above it, and the machine. */
const floor = (files, above) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          { regex: "^node:", message: "runs in browsers too" },
          ...above.map((name) => ({ regex: `/${name}(/|\\.ts$)`, message: "stands above" })),
        ],
      },
    ],
    "no-restricted-globals": ["error", "process", "Buffer", "global", "fetch", "XMLHttpRequest", "WebSocket"],
  },
});

export default defineConfig(
  { ignores: ["dist/", "node_modules/"] },
  {
    files: ["src/**/*.ts", "tests/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "prefer-const": "error",
      "max-lines": ["error", { max: 400 }],
      "max-lines-per-function": ["error", { max: 60 }],
      // Costly, and nothing to find: erasable syntax has no enums, and classes here are errors, readers and sets of signers.
      "@typescript-eslint/no-unsafe-enum-assignment": "off",
      "@typescript-eslint/no-unsafe-enum-comparison": "off",
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "@typescript-eslint/no-unnecessary-condition": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/only-throw-error": "error",
    },
  },
  floor(["src/core/**/*.ts"], ["statements", "verify", "page", "cli"]),
  floor(["src/statements/**/*.ts"], ["verify", "page", "cli"]),
  floor(["src/rules/**/*.ts"], ["verify", "page", "cli"]),
  floor(["src/verify/**/*.ts"], ["page", "cli"]),
  floor(["src/page/**/*.ts"], ["cli"]),
  { files: ["src/cli.ts", "tests/**/*.ts"], rules: { "no-console": "off" } },
  {
    // node:test's own promises are its business; a test is a list of cases and may be long
    files: ["tests/**/*.ts"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", name: ["test", "describe", "it", "suite"], package: "node:test" },
          ],
        },
      ],
      "max-lines-per-function": "off",
      "@typescript-eslint/explicit-module-boundary-types": "off",
    },
  },
);
