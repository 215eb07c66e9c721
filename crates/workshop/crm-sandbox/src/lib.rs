//! crm-sandbox
