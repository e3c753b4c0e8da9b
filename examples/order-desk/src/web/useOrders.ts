import { useCallback, useEffect, useState } from 'react';
import type { Desk, Order } from '../desk';
import { changes } from '../live';

const PAGE = 25;

export interface Orders {
  orders: Order[];
  more?: () => Promise<void>;
  /** Whether what is shown is kept up to date at this moment. */
  live: boolean;
  /** The order that changed last. */
  changed?: string;
  /** Shows an order as it stands now: a new one on top, another in its place. */
  show(order: Order): void;
}

/** The newest orders, page by page, kept up to date by every event that touches one. */
export function useOrders(desk: Desk): Orders {
  const [orders, setOrders] = useState<Order[]>([]);
  const [next, setNext] = useState<string>();
  const [live, setLive] = useState(false);
  const [changed, setChanged] = useState<string>();

  const show = useCallback((order: Order) => {
    setChanged(order.id);
    setOrders((orders) =>
      orders.some((it) => it.id === order.id)
        ? orders.map((it) => (it.id === order.id ? order : it))
        : [order, ...orders],
    );
  }, []);

  useEffect(() => {
    const leaving = new AbortController();
    const page = async () => {
      const { orders, next } = await desk.orders(PAGE);
      setOrders(orders);
      setNext(next);
    };
    let begun = false;
    const onState = (state: string) => {
      setLive(state === 'live');
      // The list is read once updates flow, so that nothing falls between the two.
      if (!begun) void page();
      begun = true;
    };
    void (async () => {
      for await (const change of changes(desk, { signal: leaving.signal, onState }))
        show(change.order);
    })();
    return () => leaving.abort();
  }, [desk, show]);

  const more = async () => {
    const page = await desk.orders(PAGE, next);
    setOrders((orders) => [...orders, ...page.orders]);
    setNext(page.next);
  };
  return { orders, more: next ? more : undefined, live, changed, show };
}
