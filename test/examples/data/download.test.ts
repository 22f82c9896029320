import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import {
  type DownloadLimits,
  type DownloadProgress,
  download,
  downloadLimits,
} from '../../../examples/data/download.js';
import { showDataError } from '../../../examples/data/error.js';
import { idxDataset } from '../../../examples/data/idxDataset.js';
import type { FileSet, Loader } from '../../../examples/data/locate.js';
import { dataOptions } from '../../../examples/data/locate.js';
import { byLargestByte } from '../../../examples/data/normalise.js';
import { expectDataset, gzipped, smallIdxSet, tagOf, withFolder, write } from './files.js';

const files = gzipped(smallIdxSet(50, 10));
const nobody = 'http://127.0.0.1:1/';

const withServer = async <A>(listener: RequestListener, use: (base: string) => Promise<A>): Promise<A> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  try {
    return await use(`http://127.0.0.1:${port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
};

const serve: RequestListener = (request, response) => {
  const body = files[(request.url ?? '').slice(1)];
  response.writeHead(body === undefined ? 404 : 200, { 'content-length': body?.length ?? 0 }).end(body);
};

const loaderFrom = (...mirrors: readonly [string, ...string[]]): Loader => {
  const set: FileSet = {
    name: 'Toy',
    subfolders: ['toy'],
    systemFolders: [],
    packages: [],
    mirrors,
    official: Object.entries(files).map(([name, bytes]) => ({
      name,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })),
    hint: '',
  };
  return idxDataset({ files: set, normalise: byLargestByte, inputShape: [784] });
};

const optionsIn = (cache: string, onProgress: (progress: DownloadProgress) => void = () => undefined) =>
  dataOptions({ environment: { XDG_CACHE_HOME: cache }, onProgress });

describe('a download', () => {
  const file = { name: 'file', sha256: createHash('sha256').update('whole').digest('hex') };
  const got = (cache: string, base: string, limits: Partial<DownloadLimits>) =>
    download([base], file, join(cache, 'file'), () => undefined, { ...downloadLimits, ...limits })();

  it('from a server that falls silent is given up, before its answer and within it', async () => {
    for (const begins of [false, true])
      await withFolder(async (cache) => {
        // time passes when the server says so
        let expire = (): void => undefined;
        const listener: RequestListener = (_, response) => {
          if (!begins) return expire();
          response.write('who', () => expire());
        };
        await withServer(listener, async (base) => {
          const after = (_: number, act: () => void) => {
            expire = act;
            return () => undefined;
          };
          const result = await got(cache, base, { after });
          expect(E.isLeft(result) && result.left).to.deep.include({
            reason: 'nothing came from the server for 60 seconds',
          });
          expect(readdirSync(cache)).to.deep.equal([]);
        });
      });
  });

  it('that is too large is refused, whether the server says so or not', async () => {
    for (const headers of [{ 'content-length': 1000 }, {}])
      await withFolder(async (cache) => {
        const listener: RequestListener = (_, response) => {
          response.writeHead(200, headers).end('x'.repeat(1000));
        };
        await withServer(listener, async (base) => {
          const result = await got(cache, base, { mostBytes: 999 });
          expect(E.isLeft(result) && result.left)
            .to.have.property('reason')
            .that.matches(/^it has more than 999 bytes/);
          expect(readdirSync(cache)).to.deep.equal([]);
        });
      });
  });

  it('that was killed leaves nothing behind the next', async () => {
    await withFolder(async (cache) => {
      const ended = spawnSync(process.execPath, ['--version']).pid;
      for (const name of [`file.${ended}.part`, `file.${process.ppid}.part`]) writeFileSync(join(cache, name), 'who');
      await withServer(
        (_, response) => response.end('whole'),
        async (base) => {
          expect(E.isRight(await got(cache, base, {}))).to.equal(true);
        },
      );
      expect(readdirSync(cache).sort()).to.deep.equal(['file', `file.${process.ppid}.part`]);
    });
  });
});

describe('downloads', () => {
  it('come with progress, are cached, and are not repeated', async () => {
    await withFolder(async (cache) => {
      const seen: DownloadProgress[] = [];
      await withServer(serve, async (base) => {
        const dataset = expectDataset(await loaderFrom(base)(optionsIn(cache, (progress) => seen.push(progress)))());
        expect([dataset.train.count, dataset.test.count]).to.deep.equal([50, 10]);
      });
      for (const [name, bytes] of Object.entries(files)) {
        const last = seen.filter((progress) => progress.file === name).at(-1);
        expect(last).to.deep.equal({ file: name, receivedBytes: bytes.length, totalBytes: bytes.length });
      }
      expect(readdirSync(join(cache, 'sgn', 'toy')).sort()).to.deep.equal(Object.keys(files).sort());
      expectDataset(await loaderFrom(nobody)(optionsIn(cache))());
    });
  });

  it('go on to the next mirror after a wrong checksum, a missing file or a broken connection', async () => {
    const faults: readonly RequestListener[] = [
      (_request, response) => response.end('something else'),
      (_request, response) => response.writeHead(404).end(),
      (_request, response) => {
        response.writeHead(200, { 'content-length': 1000 }).write('only the beginning');
        setTimeout(() => response.destroy(), 20);
      },
    ];
    for (const fault of faults) {
      await withFolder((cache) =>
        withServer(fault, (bad) =>
          withServer(serve, async (good) => {
            expectDataset(await loaderFrom(bad, good)(optionsIn(cache))());
          }),
        ),
      );
    }
  });

  it('that were interrupted go on with the files that are missing', async () => {
    await withFolder(async (cache) => {
      const asked: (string | undefined)[] = [];
      const first: RequestListener = (request, response) =>
        asked.push(request.url) > 2 ? response.writeHead(503).end() : serve(request, response);
      const rest: RequestListener = (request, response) => {
        asked.push(request.url);
        serve(request, response);
      };
      const interrupted = await withServer(first, (base) => loaderFrom(base)(optionsIn(cache))());
      expect(tagOf(interrupted)).to.equal('DataUnavailable');
      asked.length = 0;
      expectDataset(await withServer(rest, (base) => loaderFrom(base)(optionsIn(cache))()));
      expect(asked).to.deep.equal(
        Object.keys(files)
          .slice(2)
          .map((name) => `/${name}`),
      );
    });
  });

  it('that are not the official files are thrown away, and say so', async () => {
    await withFolder((cache) =>
      withServer(
        (_request, response) => response.end('something else'),
        async (base) => {
          const result = await loaderFrom(base)(optionsIn(cache))();
          expect(tagOf(result)).to.equal('DataUnavailable');
          expect(E.isLeft(result) && showDataError(result.left)).to.match(/has sha256 [0-9a-f]{64} instead of/);
          expect(readdirSync(join(cache, 'sgn', 'toy'))).to.deep.equal([]);
        },
      ),
    );
  });

  it('without a network end in one line that says which files to put where', async () => {
    await withFolder(async (cache) => {
      const result = await loaderFrom(nobody)(optionsIn(cache))();
      const line = E.isLeft(result) ? showDataError(result.left) : '';
      expect(line).to.match(/^Toy is not on this machine and cannot be downloaded \(http:\/\/127\.0\.0\.1:1\//);
      expect(line).to.include(`put ${Object.keys(files).join(', ')} into ${join(cache, 'sgn', 'toy')}`);
      expect(line).to.include('--data or SGN_DATA').and.not.include('\n');
    });
  });
});

describe('data options', () => {
  it('take the folder from --data, else from SGN_DATA; empty means unset', () => {
    const folder = (given: string | undefined, variable: string | undefined) =>
      dataOptions({ folder: given, environment: { SGN_DATA: variable } }).folder;
    expect(folder('a', 'b')).to.equal('a');
    expect(folder(undefined, 'b')).to.equal('b');
    expect(folder(undefined, '')).to.equal(undefined);
    expect(folder(undefined, undefined)).to.equal(undefined);
  });

  it('keep the cache in XDG_CACHE_HOME, else in ~/.cache', () => {
    const cache = (home: string | undefined) => dataOptions({ environment: { XDG_CACHE_HOME: home } }).cache;
    expect(cache('/x')).to.equal(join('/x', 'sgn'));
    expect(cache(undefined)).to.match(/[\\/]\.cache[\\/]sgn$/);
  });

  it('let a loader use the folder of SGN_DATA', async () => {
    await withFolder(async (folder) => {
      write(folder, files);
      const options = dataOptions({ environment: { SGN_DATA: folder, XDG_CACHE_HOME: folder } });
      const dataset = expectDataset(await loaderFrom(nobody)(options)());
      expect(dataset.notes).to.deep.equal([`Toy was read from ${folder}`]);
    });
  });
});
