// Commands of the page that name the channel.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDescriptor } from "../src/data/descriptor";
import { publishLine } from "../src/settings";
import { file } from "./serving";

const { descriptor } = parseDescriptor(file("channel/channel.json"));
const PUBLISH = "chaninfra publish a-1-0.conda -c s3://my-bucket/team";

for (const [said, more, options] of [
  ["on AWS", ["https://s3.eu-central-1.amazonaws.com", "eu-central-1", false], "--region eu-central-1"],
  ["on AWS in China", ["https://s3.cn-north-1.amazonaws.com.cn", "cn-north-1", false], "--region cn-north-1"],
  ["on AWS by path", ["https://s3.us-east-1.amazonaws.com", "us-east-1", true], "--region us-east-1 --force-path-style=true"],
  ["elsewhere", ["http://[::1]:9000", "eu-1", true], "--endpoint-url 'http://[::1]:9000' --region eu-1"],
  ["elsewhere by host", ["https://s3.example.com", "auto", false], "--endpoint-url https://s3.example.com --region auto --force-path-style=false"],
] as const) {
  test(`publishing names the store, ${said}`, () => {
    const [endpoint, region, path] = more;
    const stored = { ...descriptor, "endpoint-url": endpoint, region, "force-path-style": path };
    assert.equal(publishLine(stored, "a-1-0.conda"), `${PUBLISH} ${options}`);
  });
}
