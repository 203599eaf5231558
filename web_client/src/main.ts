/** Where the page begins: styles, language, and the app, which draws itself where `<tp-app>` stands. */
import "./styles/page.css";
import "./components/webawesome.ts";
import "./components/app.ts";
import { startDisplay } from "./display.ts";
import { startLanguage } from "./i18n/language.ts";

startDisplay(location.search, localStorage, document.documentElement);
void startLanguage();
