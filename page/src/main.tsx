// The entry of the page.
import { render } from "preact";

function Page() {
  return <main>…</main>;
}

const root = document.getElementById("page");
if (root) render(<Page />, root);
