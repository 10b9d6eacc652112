// The entry of the page.
import { render } from "preact";
import { openChannel } from "./data/channel";
import { App } from "./ui/app";

const root = document.getElementById("page");
// The channel is the folder that the page lies in.
if (root) render(<App open={(snapshot) => openChannel(new URL("./", location.href), snapshot ?? undefined)} />, root);
