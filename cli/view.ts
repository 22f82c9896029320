/** What a run looks like while it goes on: a progress bar on a terminal, and lines everywhere. All effects. */
import { SingleBar } from 'cli-progress';
import { visible, visibleLine } from '../dsl/index.js';
import type { LoadOptions } from '../optim/index.js';

/** The screen of a run. */
export interface View {
  /** A line for people, above the bar. */
  readonly line: (text: string) => void;
  /** How much of the epoch is done, with a note. */
  readonly progress: (epoch: number, done: number, steps: number, note: string) => void;
  /** How much of everything is done, from 0 to 1, with a note. */
  readonly share: (label: string, share: number, note: string) => void;
  readonly download: LoadOptions['onDownload'];
  /** Takes the bar away. */
  readonly close: () => void;
}

/** A view on a stream. Without a terminal behind it there is no bar, only lines. */
export const openView = (stream: NodeJS.WriteStream): View => {
  const bar = stream.isTTY
    ? new SingleBar({
        stream,
        format: '{label} {bar} {count}  {note}',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 30,
        hideCursor: true,
        clearOnComplete: true,
        linewrap: false,
      })
    : null;
  const close = (): void => {
    if (bar?.isActive === true) bar.stop();
  };
  const show = (title: string, value: number, total: number, remark: string, count = `${value}/${total}`): void => {
    if (bar === null) return;
    const [label, note] = [visibleLine(title), visibleLine(remark)];
    if (bar.isActive) {
      bar.setTotal(total);
      bar.update(value, { label, note, count });
    } else bar.start(total, value, { label, note, count });
  };
  return {
    line: (text) => {
      close();
      stream.write(visible(`${text}\n`));
    },
    share: (label, share, note) => show(label, share, 1, note, `${Math.floor(100 * share)} %`),
    progress: (epoch, done, steps, note) => show(`epoch ${epoch}`, done, steps, note),
    download: (file, received, total) => show('download', received, total ?? received, file),
    close,
  };
};
