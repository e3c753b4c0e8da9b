import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { useMemo } from 'react';
import { LiveBar } from './LiveBar';
import { fetcher } from './requests';
import { samplesPlugin } from './SamplesPane';
import type { Session } from './session';
import type { Identity } from './token';

/** GraphiQL as its bearer sees the graph: schema, samples and answers are those of the token's roles. */
export function Workbench({ session, identity }: { session: Session; identity: Identity }) {
  const send = useMemo(() => fetcher(session), [session]);
  const samples = useMemo(() => samplesPlugin(identity.roles), [identity]);
  return (
    <GraphiQL
      fetcher={send}
      plugins={[samples, HISTORY_PLUGIN]}
      visiblePlugin={samples}
      // Answers may hold personal data: nothing outlives the tab.
      storage={sessionStorage}
      shouldPersistHeaders={false}
      inputValueDeprecation
      schemaDescription
      defaultQuery={
        '# Choose a sample on the left, or write a query here: Ctrl-Space completes, Ctrl-Enter runs.\n\n'
      }
      defaultEditorToolsVisibility={false}
    >
      <GraphiQL.Logo>
        <span />
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <LiveBar />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}
