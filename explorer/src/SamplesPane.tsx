import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';
import { Kind, parse } from 'graphql';
import { byRole, type Sample } from './samples';
import type { Role } from './token';

const KINDS: Record<Sample['kind'], string> = {
  query: 'Query',
  mutation: 'Command',
  subscription: 'Live',
};

/** The pane of samples for these roles. */
export function samplesPlugin(roles: Role[]): GraphiQLPlugin {
  return { title: 'Samples', icon: Icon, content: () => <SamplesPane roles={roles} /> };
}

function SamplesPane({ roles }: { roles: Role[] }) {
  const load = useLoad();
  return (
    <section className="samples" aria-label="Samples">
      <h2>Samples</h2>
      <p className="samples-hint">
        A click opens one. Queries run at once; commands and live updates wait for you.
      </p>
      {byRole(roles).map(({ role, samples }) => (
        <div key={role}>
          <h3>{role}</h3>
          <ul>
            {samples.map((sample) => (
              <li key={sample.title}>
                <button
                  type="button"
                  className={`sample ${sample.kind}`}
                  disabled={!load}
                  onClick={() => load?.(sample)}
                >
                  <span className="sample-kind">{KINDS[sample.kind]}</span>
                  <span className="sample-title">{sample.title}</span>
                  <span className="sample-about">{sample.about}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

/** Puts a sample into its tab: the one where it is already, an untouched one, or a new one. */
function useLoad() {
  const { addTab, changeTab, run, setOperationFacts, stop } = useGraphiQLActions();
  const { tabs, activeTabIndex, queryEditor, responseEditor } = useGraphiQL((state) => ({
    tabs: state.tabs,
    activeTabIndex: state.activeTabIndex,
    queryEditor: state.queryEditor,
    responseEditor: state.responseEditor,
  }));
  if (!queryEditor || !responseEditor) return undefined;
  return (sample: Sample) => {
    stop();
    const there = tabs.findIndex((tab) => tab.query === sample.document);
    if (there >= 0) {
      if (there !== activeTabIndex) changeTab(there);
    } else {
      if (!untouched(tabs[activeTabIndex]?.query)) addTab();
      queryEditor.setValue(sample.document);
    }
    // The editor finds this out by itself, but later.
    const documentAST = parse(sample.document);
    const operations = documentAST.definitions.filter(
      (it) => it.kind === Kind.OPERATION_DEFINITION,
    );
    setOperationFacts({ documentAST, operations, operationName: operations[0]?.name?.value });
    if (sample.kind === 'query') void run();
  };
}

/** Whether there is nothing but comments. */
const untouched = (query?: string | null) => !query?.replaceAll(/^#.*$/gm, '').trim();

function Icon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M3 5h14M3 10h9M3 15h6" strokeLinecap="round" />
      <path d="m14 12 4 2.5-4 2.5z" fill="currentColor" strokeLinejoin="round" />
    </svg>
  );
}
