//! What each field belongs to: the one table from which the contracts of the roles are cut. A field
//! that does not stand here is in nobody's contract, and a test fails.

use super::Area;
use Area::{
    Catalog, Customers, EraseCustomer, Federation, Fees, ManageCatalog, ManageCustomers,
    ManageOrders, ManagePayments, ManageShipments, ManageStock, ManageSubscriptions, ManageTenant,
    Margins, Orders, PersonalData, RecurringRevenue, Refund, Shared, Stock, StockCost,
    Subscriptions, Tenant,
};

/// A type, the area of some of its fields, and those fields.
pub const FIELDS: &[(&str, Area, &str)] = &[
    ("Query", Customers, "customer customers"),
    ("Query", Stock, "inventory stockPosition"),
    ("Query", Margins, "marginSums margins"),
    ("Query", RecurringRevenue, "mrrMovements mrrSums"),
    ("Query", Shared, "node nodes"),
    ("Query", Orders, "order orderSums orders"),
    ("Query", Catalog, "product products"),
    ("Query", Subscriptions, "subscription subscriptions"),
    ("Query", Tenant, "tenant"),
    ("Query", Federation, "_entities _service"),
    ("_Service", Federation, "sdl"),
    ("Mutation", EraseCustomer, "customerErase"),
    (
        "Mutation",
        ManageCustomers,
        "customerRegister customerUpdate",
    ),
    (
        "Mutation",
        ManageOrders,
        "orderCancel orderHold orderImport orderLineCancel orderPlace orderRelease",
    ),
    (
        "Mutation",
        ManagePayments,
        "paymentAssessFee paymentAuthorize paymentCapture paymentRecordExternal \
         paymentReportUnknown paymentResolveUnknown paymentVoid",
    ),
    ("Mutation", Refund, "paymentRefund"),
    (
        "Mutation",
        ManageCatalog,
        "priceSet skuCreate skuDiscontinue",
    ),
    (
        "Mutation",
        ManageShipments,
        "shipmentDeliver shipmentDispatch",
    ),
    (
        "Mutation",
        ManageStock,
        "stockAdjust stockIssue stockReceive stockRelease stockReserve stockTransfer",
    ),
    (
        "Mutation",
        ManageSubscriptions,
        "subscriptionCancel subscriptionChangeQuantity subscriptionCreate subscriptionPause \
         subscriptionResume subscriptionRunCycle subscriptionSkip",
    ),
    (
        "Mutation",
        ManageTenant,
        "accessRevoke tenantConfigure tenantCreate tenantRelease tenantSuspend",
    ),
    ("Subscription", Stock, "inventoryChanged"),
    ("Subscription", Margins, "marginChanged"),
    ("Subscription", Orders, "orderChanged"),
    ("Subscription", Subscriptions, "subscriptionChanged"),
    (
        "Address",
        PersonalData,
        "city country line1 line2 name postalCode region",
    ),
    ("Channel", Tenant, "code name"),
    ("CodeSum", Orders, "amount code count"),
    (
        "Customer",
        Customers,
        "externalId externalSystem id registeredAt status updatedAt",
    ),
    ("Customer", Orders, "orders"),
    ("Customer", PersonalData, "personalData"),
    (
        "CustomerConnection",
        Customers,
        "edges nodes pageInfo totalCount",
    ),
    ("CustomerEdge", Customers, "cursor node"),
    (
        "CustomerPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("CustomerPayload", Customers, "customer"),
    ("LineDiscount", Orders, "amount code scope"),
    ("LineReservation", Orders, "quantity warehouse"),
    ("LineTax", Orders, "amount code ratePpm"),
    (
        "MarginChange",
        Margins,
        "asOf cursor eventType kind lines occurredAt orderId position previousCursor",
    ),
    (
        "MarginLine",
        Margins,
        "bookedOn channel cogs contribution contributionRatio costKnown currency customerId \
         discount fee gross grossMargin grossMarginRatio line net orderId position quantity \
         recognizedOn shippedOn shippedQuantity shippingCost shippingRevenue sku updatedAt",
    ),
    ("MarginLine", Orders, "order"),
    ("MarginLine", Catalog, "product"),
    (
        "MarginLineConnection",
        Margins,
        "edges nodes pageInfo totalCount",
    ),
    ("MarginLineEdge", Margins, "cursor node"),
    (
        "MarginSums",
        Margins,
        "channel cogs contribution contributionRatio currency day fee grossMargin \
         grossMarginRatio knownNet lineCount net quantity shippingCost shippingRevenue sku \
         unknownCostLines",
    ),
    ("Money", Shared, "amount amountMinor currency"),
    ("MrrKindSum", RecurringRevenue, "amount count kind"),
    (
        "MrrMovement",
        RecurringRevenue,
        "amount amountMicros kind movedAt movedOn position",
    ),
    ("MrrMovement", Subscriptions, "subscription"),
    (
        "MrrMovementConnection",
        RecurringRevenue,
        "edges nodes pageInfo totalCount",
    ),
    ("MrrMovementEdge", RecurringRevenue, "cursor node"),
    ("MrrSums", RecurringRevenue, "currency movements mrr"),
    ("Node", Shared, "id"),
    (
        "Order",
        Orders,
        "allocation cancelReason channel currency externalId fulfillmentStatus holdReason id \
         lines paymentStatus payments placedAt placedOn position shipments shipping status \
         totals updatedAt",
    ),
    ("Order", Customers, "customer"),
    ("Order", Margins, "margins"),
    ("Order", PersonalData, "shippingAddress"),
    (
        "OrderChange",
        Orders,
        "asOf cursor eventType kind occurredAt order position previousCursor",
    ),
    ("OrderConnection", Orders, "edges nodes pageInfo totalCount"),
    ("OrderEdge", Orders, "cursor node"),
    (
        "OrderLine",
        Orders,
        "canceledNet canceledQuantity deliveredQuantity discounts gross line net quantity \
         reservations shippedQuantity sku tax taxes unitPrice",
    ),
    ("OrderLine", Catalog, "product"),
    (
        "OrderPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("OrderPayload", Orders, "order"),
    ("OrderShipping", Orders, "method net taxes"),
    (
        "OrderSums",
        Orders,
        "canceled captured currency discount discounts gross net orders refunded shipping taxes \
         total",
    ),
    (
        "OrderTotals",
        Orders,
        "canceled captured discount gross net refunded shipping tax total",
    ),
    (
        "PageInfo",
        Shared,
        "endCursor hasNextPage hasPreviousPage startCursor",
    ),
    (
        "Payment",
        Orders,
        "authorized capturable captured capturedAt expiresAt id outcomeUnknown provider \
         providerRef refunded refundedAt",
    ),
    ("Payment", Fees, "fee feeEstimated"),
    (
        "PaymentPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("PaymentPayload", Orders, "order payment"),
    ("PersonalData", PersonalData, "addresses email name phone"),
    (
        "Product",
        Catalog,
        "category discontinued id prices sku taxClass title tracked updatedAt",
    ),
    (
        "ProductConnection",
        Catalog,
        "edges nodes pageInfo totalCount",
    ),
    ("ProductEdge", Catalog, "cursor node"),
    (
        "ProductPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("ProductPayload", Catalog, "product"),
    ("ProviderFee", Fees, "fixedMinor provider ratePpm"),
    (
        "Shipment",
        Orders,
        "carrier deliveredAt dispatchedAt id lines tracking warehouse",
    ),
    ("Shipment", Fees, "labelCost"),
    ("ShipmentLine", Orders, "line quantity"),
    (
        "ShipmentPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("ShipmentPayload", Orders, "order shipment"),
    (
        "StockChange",
        Stock,
        "asOf cursor eventType kind occurredAt position previousCursor stockPosition",
    ),
    (
        "StockPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("StockPayload", Stock, "reservationId stockPositions"),
    (
        "StockPosition",
        Stock,
        "available id onHand position reserved sku updatedAt warehouse",
    ),
    ("StockPosition", StockCost, "averageCost value"),
    ("StockPosition", Catalog, "product"),
    (
        "StockPositionConnection",
        Stock,
        "edges nodes pageInfo totalCount",
    ),
    ("StockPositionEdge", Stock, "cursor node"),
    (
        "SubscriptionChange",
        Subscriptions,
        "asOf cursor eventType kind occurredAt position previousCursor subscription",
    ),
    (
        "SubscriptionContract",
        Subscriptions,
        "anchor cancelReason channel createdAt currency id interval items lastFailure nextCycle \
         nextOn position resumeOn status timeZone updatedAt",
    ),
    ("SubscriptionContract", Customers, "customer"),
    ("SubscriptionContract", Orders, "lastOrder"),
    ("SubscriptionContract", RecurringRevenue, "mrr"),
    (
        "SubscriptionContractConnection",
        Subscriptions,
        "edges nodes pageInfo totalCount",
    ),
    ("SubscriptionContractEdge", Subscriptions, "cursor node"),
    (
        "SubscriptionFailure",
        Subscriptions,
        "code cycle failedAt message retryOn",
    ),
    ("SubscriptionInterval", Subscriptions, "count unit"),
    ("SubscriptionItem", Subscriptions, "quantity sku unitPrice"),
    ("SubscriptionItem", Catalog, "product"),
    (
        "SubscriptionPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("SubscriptionPayload", Subscriptions, "subscription"),
    ("TaxClass", Tenant, "class rates"),
    ("TaxRate", Tenant, "code ratePpm"),
    (
        "Tenant",
        Tenant,
        "baseCurrency config name slug status timeZone",
    ),
    (
        "TenantConfig",
        Tenant,
        "channels configRevision taxTable warehouses",
    ),
    ("TenantConfig", Fees, "feeSchedule"),
    (
        "TenantPayload",
        Shared,
        "consistencyToken position replayed userErrors",
    ),
    ("TenantPayload", Tenant, "tenant"),
    ("UserError", Shared, "code field message"),
];
