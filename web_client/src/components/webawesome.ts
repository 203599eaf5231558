/** The parts of Web Awesome that the page uses, with their signs from our own files. */
import "@awesome.me/webawesome/dist/components/button/button.js";
import "@awesome.me/webawesome/dist/components/option/option.js";
import "@awesome.me/webawesome/dist/components/select/select.js";
import "@awesome.me/webawesome/dist/components/tooltip/tooltip.js";
import { registerIconLibrary } from "@awesome.me/webawesome/dist/components/icon/library.js";
import check from "lucide-static/icons/check.svg?url";
import chevronDown from "lucide-static/icons/chevron-down.svg?url";

/** Web Awesome's own signs are `data:` addresses, which the server's policy does not let a page fetch. */
const FILES: Readonly<Record<string, string>> = { check, "chevron-down": chevronDown };

for (const library of ["system", "default"]) {
  registerIconLibrary(library, {
    resolver: (name) => FILES[name] ?? check,
    // Lucide draws lines, Web Awesome fills shapes.
    mutator: (svg) => svg.style.setProperty("fill", "none"),
  });
}
