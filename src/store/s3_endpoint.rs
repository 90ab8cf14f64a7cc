//! Endpoint of a bucket of S3.

use crate::aws::Account;

use super::StoreSettings;

/// The address of a bucket's service, and how the bucket is named in requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct S3Endpoint {
    /// Address, with the bucket in the host name if it belongs there.
    pub(super) url: String,
    /// True if the bucket is in the host name, not in the path.
    pub(super) is_in_host: bool,
}

/// Returns the service's address, if it is not AWS's own.
pub(super) fn own(settings: &StoreSettings, account: &Account) -> Option<String> {
    settings.endpoint.clone().or_else(|| account.s3_endpoint())
}

impl S3Endpoint {
    /// Returns the address of a bucket, from the store's settings and from those that AWS's own tools follow.
    pub(super) fn of(bucket: &str, settings: &StoreSettings, account: &Account) -> Self {
        let own = own(settings, account);
        // The certificate is of `*.s3.REGION.amazonaws.com`, and a star stands for one part of a name.
        let is_in_host = !settings.path_style.unwrap_or(own.is_some() || bucket.contains('.'));
        let region = settings.region.as_deref().unwrap_or(account.region());
        match own {
            // The library takes an address with the bucket in the host as it is.
            Some(url) => Self { url, is_in_host },
            None => {
                let host = host(region, account.uses_fips(), account.uses_dual_stack());
                let url = if is_in_host { format!("https://{bucket}.{host}") } else { format!("https://{host}") };
                Self { url, is_in_host }
            }
        }
    }
}

/// Returns the host of S3 in a region.
/// <https://docs.aws.amazon.com/general/latest/gr/s3.html>, and `partitions.json` of AWS's SDKs for the domains.
fn host(region: &str, is_fips: bool, is_dual_stack: bool) -> String {
    let fips = if is_fips { "-fips" } else { "" };
    let dual_stack = if is_dual_stack { ".dualstack" } else { "" };
    format!("s3{fips}{dual_stack}.{region}.{}", domain(region))
}

fn domain(region: &str) -> &'static str {
    const DOMAINS: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("eusc-", "amazonaws.eu"),
    ];
    DOMAINS.iter().find(|(begin, _)| region.starts_with(begin)).map_or("amazonaws.com", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_follow_region_fips_and_dual_stack() {
        assert_eq!(host("eu-west-2", false, false), "s3.eu-west-2.amazonaws.com");
        assert_eq!(host("us-east-1", true, false), "s3-fips.us-east-1.amazonaws.com");
        assert_eq!(host("us-gov-west-1", true, true), "s3-fips.dualstack.us-gov-west-1.amazonaws.com");
        assert_eq!(host("cn-north-1", false, true), "s3.dualstack.cn-north-1.amazonaws.com.cn");
        assert_eq!(host("us-iso-east-1", false, false), "s3.us-iso-east-1.c2s.ic.gov");
        assert_eq!(host("us-isob-east-1", false, false), "s3.us-isob-east-1.sc2s.sgov.gov");
    }
}
