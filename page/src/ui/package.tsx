// A package: what it is, how it is installed, and its files.
import { useMemo } from "preact/hooks";
import type { Channel, PackageView, Summary } from "../model";
import { installLines } from "../settings";
import { isYanked, type Version, versionsOf } from "./builds";
import { VersionFiles } from "./files";
import { CopyLine } from "./copy";
import { useLoaded } from "./hooks";
import { isWhole, type ViewOf } from "./home";
import { Faults, Fold, Inside, Outside, Prose, Sentence, Skeleton, Some, Subdirs, Title, Word } from "./parts";
import { day, plural, shortened, visible } from "./text";

// A description longer than this is folded.
const LONG = 600;

interface Shown {
  readonly channel: Channel;
  readonly name: string;
  // null: all versions.
  readonly version: string | null;
}

export function Package({ channel, name: asked, version, focus, again }: Shown & ViewOf) {
  // As clients do, who write a name as they like.
  const name = [asked, asked.toLowerCase()].find((each) => channel.subdirsOf(each).length > 0) ?? asked;
  const there = channel.subdirsOf(name).length > 0;
  const [view] = useLoaded(
    async () => (there ? channel.package(name) : null),
    [channel, name],
  );
  // The builds do not wait for it, and one that cannot be read is none.
  const [about] = useLoaded(() => channel.newestSummary(name), [channel, name]);
  const summary = about.state === "done" ? about.value : null;
  return (
    <article>
      <Title focus={focus}>
        <Word text={name} />
        {version !== null && (
          <>
            {" "}
            <span class="version">
              <Word text={version} />
            </span>
          </>
        )}
      </Title>
      {!there ? (
        <Nowhere channel={channel} name={name} again={again} />
      ) : view.state === "loading" ? (
        <Skeleton lines={8}>Reading the builds of {visible(name)}…</Skeleton>
      ) : view.state === "failed" ? (
        <Faults faults={[view.fault]} again={again} />
      ) : (
        view.value && <Whole channel={channel} name={name} version={version} view={view.value} summary={summary} again={again} />
      )}
    </article>
  );
}

function Nowhere({ channel, name, again }: { channel: Channel; name: string; again: () => void }) {
  return (
    <>
      <p>
        {channel.snapshot === null ? "This channel" : "This snapshot"} has no package of this name
        {isWhole(channel) ? "." : " in the subdirs that can be read."}
      </p>
      <p>
        <Inside to={{ page: "search", text: name }} snapshot={channel.snapshot}>
          Search for “<Word text={shortened(name, 100)} />”
        </Inside>
      </p>
      <Faults faults={channel.faults} again={again} />
    </>
  );
}

interface Read extends Shown {
  readonly view: PackageView;
  // null: it has none, or none yet.
  readonly summary: Summary | null;
  readonly again: () => void;
}

function Whole({ channel, name, version, view, summary, again }: Read) {
  const versions = useMemo(() => versionsOf(view.builds), [view]);
  const found = version === null ? undefined : versions.find((each) => each.version === version);
  const { snapshot } = channel;
  return (
    <>
      {summary && <About summary={summary} />}
      <Licence view={view} summary={summary} />
      <Faults faults={view.faults} again={again} />
      {versions.length === 0 && view.faults.length === 0 && <p>No build of this package is left.</p>}
      {version !== null && !found ? (
        <>
          <p>
            There is no version <Word text={shortened(version, 100)} /> of this package.
          </p>
          <AllVersions name={name} snapshot={snapshot} />
        </>
      ) : (
        versions.length > 0 && (
          <>
            {(found ? [found] : versions).every(isYanked) ? (
              <p>All builds {found ? "of this version" : "of this package"} are yanked: it no longer installs.</p>
            ) : (
              <Install channel={channel} name={name} version={found?.version ?? null} />
            )}
            {summary?.description && <Description text={summary.description} />}
            {found ? (
              <section aria-labelledby="files">
                <h2 id="files">
                  Builds of version <Word text={found.version} />
                </h2>
                <VersionFiles version={found} channel={channel} heading="h3" />
                <AllVersions name={name} snapshot={snapshot} />
              </section>
            ) : (
              <Versions channel={channel} name={name} versions={versions} />
            )}
          </>
        )
      )}
    </>
  );
}

function About({ summary }: { summary: Summary }) {
  const links: (readonly [string, readonly string[]])[] = [
    ["Home page", summary.home],
    ["Documentation", summary.documentation],
    ["Source", summary.source],
  ];
  return (
    <>
      {summary.summary && (
        <div class="lead">
          <Prose text={summary.summary} />
        </div>
      )}
      {links.some(([, urls]) => urls.length > 0) && (
        <ul class="links" aria-label="Links">
          {links.map(([label, urls]) =>
            urls.map((url, place) => (
              <li>
                <Outside href={url}>{place === 0 ? label : `${label} ${place + 1}`}</Outside>
              </li>
            )),
          )}
        </ul>
      )}
    </>
  );
}

// The licence that the newest build states, else that of the summary.
function Licence({ view, summary }: { view: PackageView; summary: Summary | null }) {
  const licence = view.builds.find((build) => build.license !== null)?.license ?? summary?.license;
  if (!licence) return null;
  return (
    <p class="licence">
      <span class="label">Licence</span> <Word text={shortened(licence, 300)} />
    </p>
  );
}

function Description({ text }: { text: string }) {
  if (text.length > LONG) return <Fold class="description" summary="Description">{() => <Prose text={text} />}</Fold>;
  return (
    <section aria-labelledby="description">
      <h2 id="description">Description</h2>
      <Prose text={text} />
    </section>
  );
}

function Install({ channel, name, version }: Shown) {
  const lines = installLines(channel.descriptor, name, version, channel.snapshot);
  return (
    <section aria-labelledby="install">
      <h2 id="install">Install</h2>
      {lines.length === 0 ? (
        <p>There is no line for this: the name, the version or the URL has characters that no command should have.</p>
      ) : (
        <div class="install">
          {lines.map(({ title, text }) => (
            <CopyLine title={title} label={title} text={text} />
          ))}
        </div>
      )}
      {lines.flatMap(({ title, notes }) =>
        notes.map((note) => (
          <p class="note">
            {title}: <Sentence text={note} />
          </p>
        )),
      )}
    </section>
  );
}

function AllVersions(props: { name: string; snapshot: string | null }) {
  return (
    <p>
      <Inside to={{ page: "package", name: props.name, version: null }} snapshot={props.snapshot}>
        All versions of <Word text={props.name} />
      </Inside>
    </p>
  );
}

function Versions({ channel, name, versions }: { channel: Channel; name: string; versions: readonly Version[] }) {
  return (
    <section aria-labelledby="versions">
      <h2 id="versions">{plural(versions.length, "version")}</h2>
      <Some items={versions} first={30} step={200} noun="versions" list={(some) =>
        some.map((version, place) => (
          <Fold key={version.version} class="version-fold" open={place === 0} summary={<VersionLine version={version} />}>
            {() => (
              <div class="version-body">
                <p class="permalink">
                  <Inside to={{ page: "package", name, version: version.version }} snapshot={channel.snapshot}>
                    Link to version <Word text={version.version} />
                  </Inside>
                </p>
                <VersionFiles version={version} channel={channel} heading="h4" />
              </div>
            )}
          </Fold>
        ))
      } />
    </section>
  );
}

function VersionLine({ version }: { version: Version }) {
  const all = version.builds.length;
  return (
    <span class="version-line">
      <h3 class={isYanked(version) ? "gone" : ""}>
        <Word text={version.version} />
      </h3>
      <span class="quiet">{version.newest ? day(version.newest) : "date unknown"}</span>
      <span class="quiet">{plural(all, "build")}</span>
      <Subdirs names={version.subdirs.map(({ subdir }) => subdir)} most={6} />
      <span class="tags">
        {version.yanked > 0 && <span class="tag bad">{isYanked(version) ? "yanked" : `${version.yanked} yanked`}</span>}
        {version.signed > 0 && <span class="tag good">{version.signed === all ? "signed" : `${version.signed} signed`}</span>}
      </span>
    </span>
  );
}
