/** `sgn check`: certificates for the derivatives of a user's own model. */
import { Command, Option } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { showDslError } from '../dsl/index.js';
import { checkProblem, showConfigError } from '../optim/index.js';
import { allHold, type Certificate, laws } from '../runtime/check/certificate.js';
import { chooseTarget, showTargetChoice, showTargetError, type TargetName, targetNames } from '../runtime/index.js';
import { experimentNames, loadSubject } from './experiments.js';
import { examplesHelp } from './help.js';
import { parseCount, parseSeed } from './options.js';
import { print, refuse } from './terminal.js';
import { openView } from './view.js';

const examples = examplesHelp(
  [
    ['sgn check mnist', 'in float64, and on the target that a run would choose'],
    ['sgn check ./my-model.js --target wasm --seed 7', 'a module whose default export is problem({ … })'],
    ['sgn check sine --float64-only'],
  ],
  'Checked at random θ and at adversarial ones (0, large, tiny) are the functions that users and optimizers call: ' +
    'derivatives against finite differences, the adjoint identity ⟨u, Jv⟩ = ⟨Jᵀu, v⟩, the GGN against the linearised model, ' +
    "its symmetry and positive semi-definiteness, the optimizers' curvatures, what the compiler's passes and stages keep, and " +
    'agreement of the target with float64. A law that fails is followed to the smallest operation that fails by itself.',
);

/** The options of `sgn check` as commander gives them. */
export interface CheckCommandOptions {
  readonly target: TargetName | 'auto';
  readonly float64Only?: boolean;
  readonly seed?: number;
  readonly batch?: number;
}

type Step<A> = TE.TaskEither<string, A>;

const verdictText = ({ verdict, error, tolerance }: Certificate): string => {
  switch (verdict._tag) {
    case 'Held':
      return `held (error ${error.toExponential(1)} ≤ ${tolerance.toExponential(0)})`;
    case 'NotDifferentiable':
      return 'not differentiable there: nothing to compare with';
    case 'NotDerived':
      return `FAILED: ${verdict.reason}`;
    case 'NotFinite':
      return 'FAILED: the values are not finite';
    case 'Failed': {
      const { culprit } = verdict;
      const found =
        culprit === undefined
          ? 'no operation fails by itself'
          : `${culprit.operation} in ${culprit.path.join(' › ')}: ${culprit.expression} is off by ${culprit.error.toExponential(1)}`;
      return `FAILED (error ${error.toExponential(1)} > ${tolerance.toExponential(0)}): ${found}`;
    }
  }
};

/** What was found. */
export interface Checked {
  readonly certificates: readonly Certificate[];
  /** The target that was checked, in words. */
  readonly target: string;
}

const placeOf = ({ point, subject }: Certificate): string => (subject === undefined ? point : `${point}, ${subject}`);

const width = (own: readonly Certificate[]): number => Math.max(...own.map((one) => placeOf(one).length));

/** The certificates as text, law by law. */
const showCertificates = ({ certificates, target }: Checked): readonly string[] =>
  laws.flatMap((law) => {
    const own = certificates.filter((certificate) => certificate.law === law);
    return own.length === 0
      ? []
      : [
          law === 'the target agrees with float64' ? `${law}: ${target}` : law,
          ...own.map((certificate) => `  ${placeOf(certificate).padEnd(width(own))} ${verdictText(certificate)}`),
        ];
  });

/** Checks the model of a module; Left is one line for the user. */
export const checkSession = (name: string, options: CheckCommandOptions): Step<Checked> =>
  pipe(
    loadSubject(name),
    TE.mapLeft(showConfigError),
    TE.flatMapEither(({ problem }) => problem),
    TE.mapLeft((error) => (typeof error === 'string' ? error : showDslError(error))),
    TE.bindTo('problem'),
    TE.bind('choice', () =>
      options.float64Only === true
        ? TE.right(undefined)
        : pipe(chooseTarget(options.target), TE.mapLeft(showTargetError)),
    ),
    TE.flatMap(({ problem, choice }) => async () => {
      const { seed, batch } = options;
      const view = openView(process.stdout);
      const result = await checkProblem(problem, {
        ...(choice === undefined ? {} : { target: choice.target }),
        ...(seed === undefined ? {} : { seed }),
        ...(batch === undefined ? {} : { batch }),
        onLaw: ({ law, point, share }) => view.share('check', share, `${law}, ${point}`),
      })();
      view.close();
      choice?.target.dispose();
      const target = choice === undefined ? 'none' : showTargetChoice(choice);
      return E.isLeft(result) ? result : E.right({ certificates: result.right, target });
    }),
    TE.mapLeft((error) => (typeof error === 'string' ? error : error.reason)),
  );

/** The command. Exits with 0 if every law holds; with 1 if one fails, or with one line on standard error. */
export const checkCommand = (): Command =>
  new Command('check')
    .description('Check the derivatives of a model: finite differences, adjoints, the GGN, agreement of targets.')
    .argument('<model>', `${experimentNames.join(', ')}, or the path of a module with a model or an experiment`)
    .addOption(new Option('--target <name>', 'the target to check').choices(['auto', ...targetNames]).default('auto'))
    .option('--float64-only', 'check the mathematics only, no target')
    .option('--seed <n>', 'of the points and directions (default: 1)', parseSeed)
    .option('--batch <n>', 'samples per batch (default: 3)', parseCount)
    .addHelpText('after', examples)
    .action(async (name: string, options: CheckCommandOptions) => {
      await pipe(
        checkSession(name, options),
        TE.match(refuse, (checked) => {
          print(`${showCertificates(checked).join('\n')}\n`);
          if (!allHold(checked.certificates)) process.exitCode = 1;
        }),
      )();
    });
