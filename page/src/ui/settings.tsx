// What clients need to use the channel.
import type { Channel } from "../model";
import { clientSettings } from "../settings";
import { SnippetBox } from "./copy";
import { Title } from "./parts";

export function Settings({ channel, focus }: { channel: Channel; focus: boolean }) {
  const settings = clientSettings(channel.descriptor, channel.snapshot);
  return (
    <>
      <Title focus={focus}>Settings for clients</Title>
      <p>
        What <code>chaninfra manifest</code> prints for {channel.snapshot === null ? "this channel" : "this snapshot"}.
        Copy what your client reads.
      </p>
      {settings.length === 0 && (
        <p>
          There are none: channel.json names no way to read it. Ask who runs the channel to run{" "}
          <code>chaninfra doctor</code>.
        </p>
      )}
      {settings.map((snippet) => (
        <SnippetBox snippet={snippet} />
      ))}
    </>
  );
}
