// The entry of the page.
import { render } from "preact";
import { openChannel } from "./data/channel";
import { App } from "./ui/app";

// The folder of index.html is that of channel.json.
const base = new URL(".", document.baseURI);
const root = document.getElementById("page");
if (root) render(<App open={(snapshot) => openChannel(base, snapshot ?? undefined)} />, root);
