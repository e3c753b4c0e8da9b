/** Without a token nobody is known; a link with one opens the desk. */
export function Door() {
  return (
    <main className="door">
      <h1>Order desk</h1>
      <p>
        Open this page with a token of role commerce behind it, as <code>entrepot demo</code> prints
        them:
      </p>
      <pre>{location.origin}/#token=eyJ…</pre>
    </main>
  );
}
