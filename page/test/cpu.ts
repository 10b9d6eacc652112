// What a function costs, and not what else runs on the machine meanwhile.

/** The time that this process has used of the processors, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
