// The files of a version, by subdir.
import { JOINERS } from "../data/faults";
import type { Build, Channel, Specs } from "../model";
import { dateOf, downloadUrl, specOf, type Version } from "./builds";
import { CopyLine } from "./copy";
import { BASE, Fold, Inside, Outside, Size, Some, Word } from "./parts";
import { counted, day, minute, plural, shortened, timeOf, visible } from "./text";

// `heading` is the level of the headings: that below what stands above them.
export function VersionFiles(props: { version: Version; channel: Channel; heading: "h3" | "h4" }) {
  const { version, channel, heading: Heading } = props;
  const alone = version.builds.length === 1;
  return (
    <>
      {version.subdirs.map(({ subdir, builds }) => (
        <section class="subdir-files" key={subdir}>
          <Heading>{subdir}</Heading>
          <Some items={builds} first={20} step={200} noun="builds" list={(some) => (
            <ul class="files">
              {some.map((build) => (
                <File key={build.file} build={build} channel={channel} open={alone} />
              ))}
            </ul>
          )} />
        </section>
      ))}
    </>
  );
}

function File({ build, channel, open }: { build: Build; channel: Channel; open: boolean }) {
  const date = dateOf(build);
  const { auth, "public-url": publicUrl } = channel.descriptor;
  const name = <Word text={build.file} />;
  return (
    <li class={build.yanked ? "file yanked" : "file"}>
      <div class="file-line">
        <span class="file-name">
          {build.yanked ? (
            <s>{name}</s>
          ) : auth === "public" ? (
            <Outside href={downloadUrl(build.url, BASE, publicUrl)}>{name}</Outside>
          ) : (
            // The clients that install it have credentials, the browser has none.
            name
          )}
        </span>
        {build.size !== null && <Size bytes={build.size} />}
        {date && <span title={minute(date)}>{day(date)}</span>}
        {build.license && <Word text={shortened(build.license, 80)} />}
        {build.signed && <span class="tag good">signed</span>}
        {build.yanked && <span class="tag bad">yanked</span>}
      </div>
      {build.yanked && (
        <p class="why">
          Yanked{yankedAt(build.yanked.when)}. It no longer installs.{" "}
          {build.yanked.reason ? (
            <>
              Reason: <bdi>{visible(build.yanked.reason, JOINERS)}</bdi>
            </>
          ) : (
            "No reason was given."
          )}
        </p>
      )}
      <Fold open={open} summary={build.depends ? `${plural(build.depends.count, "dependency", "dependencies")} and details` : "Details"}>
        {() => <Details build={build} channel={channel} />}
      </Fold>
    </li>
  );
}

function yankedAt(when: string): string {
  const time = timeOf(when);
  return time ? ` at ${minute(time)}` : "";
}

function Details({ build, channel }: { build: Build; channel: Channel }) {
  return (
    <dl class="details">
      <SpecList label="Depends on" specs={build.depends} channel={channel} />
      {build.constrains?.count !== 0 && <SpecList label="Constrains" specs={build.constrains} channel={channel} />}
      <dt>Build</dt>
      <dd>
        <Word text={build.build} />, number {build.buildNumber}
      </dd>
      {build.noarch && (
        <>
          <dt>Noarch</dt>
          <dd>
            <Word text={build.noarch} />
          </dd>
        </>
      )}
      {build.built && (
        <>
          <dt>Built</dt>
          <dd>{minute(build.built)}</dd>
        </>
      )}
      {build.indexed && (
        <>
          <dt>Indexed</dt>
          <dd>{minute(build.indexed)}</dd>
        </>
      )}
      {build.sha256 && (
        <>
          <dt>SHA-256</dt>
          <dd>
            <CopyLine title={`SHA-256 of ${visible(build.file)}`} text={build.sha256} />
          </dd>
        </>
      )}
      <dt>Signed</dt>
      <dd>{build.signed ? "yes, with attestations (CEP 50)" : "no"}</dd>
    </dl>
  );
}

function SpecList({ label, specs, channel }: { label: string; specs: Specs | null; channel: Channel }) {
  const more = specs ? specs.count - specs.shown.length : 0;
  return (
    <>
      <dt>{label}</dt>
      <dd>
        {specs === null ? (
          "not known: this page cannot read it in the index"
        ) : specs.count === 0 ? (
          "nothing"
        ) : (
          <Some items={specs.shown} first={60} step={500} noun="of them" list={(some) => (
            <ul class="specs">
              {some.map((spec) => (
                <li>
                  <Dependency spec={spec} channel={channel} />
                </li>
              ))}
            </ul>
          )} />
        )}
        {more > 0 && <p>{counted(more)} more are not shown.</p>}
      </dd>
    </>
  );
}

// A match spec; its name leads to the package if the channel has it.
function Dependency({ spec, channel }: { spec: string; channel: Channel }) {
  const { name, shown, rest } = specOf(spec);
  const here = name !== null && channel.subdirsOf(name).length > 0;
  return (
    <bdi>
      {here ? (
        <Inside to={{ page: "package", name, version: null }} snapshot={channel.snapshot}>
          {shown}
        </Inside>
      ) : (
        shown
      )}
      {visible(rest)}
    </bdi>
  );
}
