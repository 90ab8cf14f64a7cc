//! Retries of requests that the SDK's own rules would not retry.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_smithy_runtime_api::client::interceptors::context::{Error as OperationError, InterceptorContext};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::ErrorKind;

/// A classifier that lets the SDK retry requests that conflicted with a transaction, and transactions that were throttled: the
/// SDK does not recognise the errors of either.
#[derive(Debug)]
pub(super) struct Conflicts;

impl ClassifyRetry for Conflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(error) = context.output_or_error().and_then(Result::err).and_then(|error| error.as_operation_error()) else {
            return RetryAction::NoActionIndicated;
        };
        let codes = match error.downcast_ref::<TransactWriteItemsError>() {
            Some(canceled) => reasons(canceled),
            None => code(error).into_iter().collect(),
        };
        let has = |some: &[&str]| codes.iter().any(|code| some.contains(code));
        if codes.first() == Some(&"ConditionalCheckFailed") {
            // The lease is lost, whatever else is true.
            RetryAction::NoActionIndicated
        } else if has(&["TransactionConflict", "TransactionConflictException"]) {
            RetryAction::retryable_error(ErrorKind::TransientError)
        } else if has(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
            RetryAction::retryable_error(ErrorKind::ThrottlingError)
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "transaction conflicts"
    }
}

/// Returns the code of an error of the operations that write one item.
fn code(error: &OperationError) -> Option<&str> {
    let put = error.downcast_ref::<PutItemError>().and_then(ProvideErrorMetadata::code);
    let update = error.downcast_ref::<UpdateItemError>().and_then(ProvideErrorMetadata::code);
    put.or(update).or_else(|| error.downcast_ref::<DeleteItemError>().and_then(ProvideErrorMetadata::code))
}

/// Returns the codes of the reasons for which a transaction was cancelled, item by item.
pub(super) fn reasons(error: &TransactWriteItemsError) -> Vec<&str> {
    match error {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            canceled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::{TransactionCanceledException, TransactionConflictException};
    use aws_smithy_runtime_api::client::interceptors::context::Input;
    use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;

    use super::*;

    fn asked_again(error: OperationError) -> RetryAction {
        let mut context = InterceptorContext::new(Input::erase("a request"));
        context.set_output_or_error(Err(OrchestratorError::operation(error)));
        Conflicts.classify_retry(&context)
    }

    fn canceled(codes: &[&str]) -> OperationError {
        let reasons = codes.iter().map(|code| CancellationReason::builder().code(*code).build());
        let canceled = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons.collect())).build();
        OperationError::erase(TransactWriteItemsError::TransactionCanceledException(canceled))
    }

    fn conflict() -> TransactionConflictException {
        let code = aws_smithy_types::error::ErrorMetadata::builder().code("TransactionConflictException").build();
        TransactionConflictException::builder().meta(code).build()
    }

    #[test]
    fn what_was_in_the_way_of_another_is_tried_again_and_a_lost_lease_is_not() {
        let transient = RetryAction::retryable_error(ErrorKind::TransientError);
        let throttled = RetryAction::retryable_error(ErrorKind::ThrottlingError);
        for (codes, action) in [
            (&["None", "TransactionConflict"][..], transient.clone()),
            (&["None", "ThrottlingError"], throttled.clone()),
            (&["None", "ProvisionedThroughputExceeded"], throttled),
            (&["ConditionalCheckFailed", "TransactionConflict"], RetryAction::NoActionIndicated),
            (&["None", "ValidationError"], RetryAction::NoActionIndicated),
            (&[], RetryAction::NoActionIndicated),
        ] {
            assert_eq!(asked_again(canceled(codes)), action, "{codes:?}");
        }
        for single in [
            OperationError::erase(PutItemError::TransactionConflictException(conflict())),
            OperationError::erase(UpdateItemError::TransactionConflictException(conflict())),
            OperationError::erase(DeleteItemError::TransactionConflictException(conflict())),
        ] {
            assert_eq!(asked_again(single), transient);
        }
        assert_eq!(Conflicts.name(), "transaction conflicts");
    }
}
