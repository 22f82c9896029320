/** Bounds on work that hold on a busy machine: seconds of the processor, not of the clock on the wall. */

/** The processor time that this process takes for a piece of work, in seconds. */
export const cpuSeconds = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1e6;
};
